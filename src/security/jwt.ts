import { compactVerify } from 'jose'
import { Code } from '../protocol/codes.js'
import { familyOf } from './algorithms.js'
import { type Bearer, EXPIRED, readClaims } from './claims.js'
import { isJson, type Json, own } from './json.js'
import type { KeyRing } from './key-ring.js'
import type { VerifyKey } from './key-set.js'
import { type Proof, Refusal } from './known.js'
import type { SecuritySettings } from './settings.js'

export type JwtProof = Extract<Proof, { kind: 'jwt' }>

/** What the three parts of a token are, before anything in it is believed. */
interface Head {
  readonly algorithm: string
  readonly kid: string | undefined
}

const KID_CHARS_MAX = 256
/** RFC 8725, 3.11: what was made for something else says so. RFC 7519 and RFC 9068 have these for tokens such as ours. */
const TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt'])
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/
/** Signatures that are verified at a time: each has its place on the thread pool, or waits for one. */
const VERIFYING_MAX = 1024
/** Tokens that wait at a time for an issuer to be asked for their key. Apart, so that made-up names of keys are in nobody's way. */
const SEEKING_MAX = 256

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function isJwtLike(token: string): boolean {
  return COMPACT.test(token)
}

/** Verifies JSON Web Tokens (RFC 7519, 7515) by the advice of RFC 8725. */
export class JwtVerifier {
  private verifying = 0
  private seeking = 0

  constructor(
    private readonly jwt: SecuritySettings['jwt'],
    private readonly keys: KeyRing,
    private readonly wallNow: () => number,
  ) {}

  /** Never rejects. */
  async verify(token: string): Promise<JwtProof | Refusal> {
    const head = readHead(token, this.jwt.algorithms)
    if (head instanceof Refusal) return head
    const key = this.keys.find(head.algorithm, head.kid) ?? (await this.seek(head))
    if (key instanceof Refusal) return key
    if (this.verifying === VERIFYING_MAX) return BUSY
    this.verifying++
    try {
      return await verifyBy(key, token, head.algorithm)
    } finally {
      this.verifying--
    }
  }

  /** Whom a token that was verified is of, as things are now. @returns a reason, when it is of nobody */
  read({ algorithm, key, claims }: JwtProof): Bearer | string {
    if (!this.jwt.algorithms.some((name) => name === algorithm)) return 'its algorithm is not accepted'
    // Who was let in by a key that its issuer has withdrawn comes again with a token of another.
    if (!this.keys.has(key)) return EXPIRED
    return readClaims(claims, this.jwt, this.wallNow())
  }

  private async seek({ algorithm, kid }: Head): Promise<VerifyKey | Refusal> {
    const { keys } = this
    // Without a name it cannot be known that there is another key, unless there is none at all yet.
    if (kid !== undefined || keys.isStale) {
      if (this.seeking === SEEKING_MAX) return BUSY
      this.seeking++
      await keys.seek()
      this.seeking--
    }
    const found = keys.find(algorithm, kid)
    if (found !== null) return found
    // It may well be good; nobody can be asked.
    if (keys.isStale) return new Refusal('the keys of its issuer cannot be read', Code.AUTH_UNAVAILABLE)
    return new Refusal('no key of its issuer has this "kid", or it cannot be said which')
  }
}

const BUSY = new Refusal('too many tokens are being verified', Code.AUTH_UNAVAILABLE)

async function verifyBy(key: VerifyKey, token: string, algorithm: string): Promise<JwtProof | Refusal> {
  let payload: Uint8Array
  try {
    payload = (await compactVerify(token, await key.material(algorithm), { algorithms: [algorithm] })).payload
  } catch {
    return new Refusal('its signature is not good')
  }
  const claims = jsonOf(payload)
  return claims === null
    ? new Refusal('its claims are no JSON object')
    : { kind: 'jwt', algorithm, key: key.id, claims }
}

/** What does not need a key is looked at first, and costs next to nothing. Keys and places of keys that a token brings along are not looked at. */
function readHead(token: string, algorithms: readonly string[]): Head | Refusal {
  const parts = COMPACT.exec(token)
  if (parts === null || !parts.slice(1).every(isCanonical)) return new Refusal('no JWT in the compact form')
  const header = jsonOf(Buffer.from(parts[1], 'base64url'))
  if (header === null) return new Refusal('its header is no JSON object')
  const algorithm = own(header, 'alg')
  if (typeof algorithm !== 'string' || familyOf(algorithm) === null || !algorithms.includes(algorithm)) {
    return new Refusal('its algorithm is not accepted')
  }
  if (own(header, 'crit') !== undefined || own(header, 'b64') !== undefined)
    return new Refusal('it asks for an extension')
  const type = own(header, 'typ')
  if (type !== undefined && !(typeof type === 'string' && TYPES.has(type.toLowerCase())))
    return new Refusal('it is a token for something else')
  // Another token within (RFC 7519, 5.2).
  if (own(header, 'cty') !== undefined) return new Refusal('its content is not claims')
  const kid = own(header, 'kid')
  if (kid === undefined) return { algorithm, kid }
  if (typeof kid !== 'string' || kid === '' || kid.length > KID_CHARS_MAX)
    return new Refusal('its "kid" is no name of a key')
  return { algorithm, kid }
}

/** Whether there is no other way to write the same bytes: a token has one form, by which it is remembered. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}

function jsonOf(bytes: Uint8Array): Json | null {
  try {
    const value: unknown = JSON.parse(strict.decode(bytes))
    return isJson(value) ? value : null
  } catch {
    return null
  }
}
