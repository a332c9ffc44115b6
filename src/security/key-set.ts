import { createHash } from 'node:crypto'
import { type CryptoKey, importJWK, type JWK } from 'jose'
import { familyOf, type KeyFamily, SOME_ALGORITHM } from './algorithms.js'
import { isJson, type Json, own } from './json.js'

/** A key that signatures are verified by. */
export interface VerifyKey {
  /** The same for the same key, wherever it comes from. */
  readonly id: string
  /** '' when it has none. */
  readonly kid: string
  /** The one algorithm it is for; '' when it does not say. */
  readonly algorithm: string
  readonly family: KeyFamily
  /** @param algorithm one of its family */
  material(algorithm: string): Promise<CryptoKey | Uint8Array>
}

export interface KeySet {
  readonly keys: readonly VerifyKey[]
  /** What is in it and is not used: a sentence for the operator each. */
  readonly doubts: readonly string[]
}

const KEYS_MAX = 100
/** NIST SP 800-57: the least for RSA. */
const RSA_BITS_MIN = 2048
/** More of a modulus makes each signature cost as much as an attack. */
const RSA_BITS_MAX = 8192

/**
 * Reads a JWKS (RFC 7517, 5). Keys for other purposes are passed over; keys that are wrong are left out, and told.
 * @throws Error that completes "…: " for the operator, also where no key is left: an empty set is a mistake, not a decision
 */
export async function parseKeySet(text: string): Promise<KeySet> {
  let set: unknown
  try {
    set = JSON.parse(text)
  } catch {
    throw new Error('it is not JSON')
  }
  const given = isJson(set) ? own(set, 'keys') : undefined
  if (!Array.isArray(given)) throw new Error('it is no JWKS: an object with "keys" (RFC 7517)')
  if (given.length > KEYS_MAX) throw new Error(`it has more than ${KEYS_MAX} keys`)
  const keys: VerifyKey[] = []
  const doubts: string[] = []
  for (const [index, each] of given.entries()) {
    const key = await readKey(each)
    if (typeof key === 'string') doubts.push(`key ${index + 1} is not used: ${key}`)
    else if (key !== null && !keys.some((other) => isSame(key, other))) keys.push(key)
  }
  const { unique, twice } = withoutTwins(keys)
  doubts.push(...twice.map((kid) => `no key with "kid" ${JSON.stringify(kid)} is used: there are several`))
  if (unique.length === 0) throw new Error(['it holds no key that signatures can be verified by', ...doubts].join('; '))
  return { keys: unique, doubts }
}

/** @returns null for a key that is for something else; a reason for one that is wrong */
async function readKey(key: unknown): Promise<VerifyKey | string | null> {
  if (!isJson(key)) return 'it is no object'
  const { use, kid = '', alg = '' } = key
  const operations = own(key, 'key_ops')
  if (use !== undefined && use !== 'sig') return null
  if (Array.isArray(operations) && !operations.includes('verify')) return null
  if (typeof alg !== 'string' || typeof kid !== 'string') return '"alg" or "kid" is no text'
  const family = familyOfKey(key)
  if (key.kty === 'oct') return 'it is a secret, which has no place among public keys; jwt.secret_file is for one'
  if (family === null || (alg !== '' && familyOf(alg) === null)) return null
  if (alg !== '' && familyOf(alg) !== family) return 'its "alg" is for keys of another type'
  if (own(key, 'd') !== undefined) return 'it is a private key, which its issuer should replace'
  const weakness = family === 'RSA' ? weaknessOf(key) : null
  if (weakness !== null) return weakness
  const jwk = publicPart(key)
  try {
    await importJWK(jwk, alg === '' ? SOME_ALGORITHM[family] : alg)
  } catch {
    return 'it is no key of its type'
  }
  return makeKey(jwk, kid, alg, family)
}

function makeKey(jwk: JWK, kid: string, algorithm: string, family: KeyFamily): VerifyKey {
  const made = new Map<string, Promise<CryptoKey | Uint8Array>>()
  return {
    id: createHash('sha256').update(JSON.stringify(jwk)).digest('base64url'),
    kid,
    algorithm,
    family,
    material(name) {
      const known = made.get(name)
      if (known !== undefined) return known
      const making = importJWK(jwk, name)
      made.set(name, making)
      return making
    },
  }
}

/** Only what the key is (RFC 7638, 3.2), in an order of its own. */
function publicPart(key: Json): JWK {
  const members =
    key.kty === 'RSA' ? ['kty', 'n', 'e'] : key.kty === 'EC' ? ['kty', 'crv', 'x', 'y'] : ['kty', 'crv', 'x']
  return Object.fromEntries(members.map((name) => [name, own(key, name)])) as JWK
}

function familyOfKey({ kty, crv }: Json): Exclude<KeyFamily, 'secret'> | null {
  const name = kty === 'RSA' ? 'RSA' : `${String(kty)} ${String(crv)}`
  return Object.hasOwn(SOME_ALGORITHM, name) ? (name as keyof typeof SOME_ALGORITHM) : null
}

function weaknessOf({ n, e }: Json): string | null {
  if (typeof n !== 'string' || typeof e !== 'string') return 'it has no modulus or no exponent'
  const bits = bitsOf(n)
  if (bits < RSA_BITS_MIN) return `${bits} bits are too few for RSA; ${RSA_BITS_MIN} at least`
  if (bits > RSA_BITS_MAX) return `${bits} bits are too many for RSA; ${RSA_BITS_MAX} at most`
  const exponent = Buffer.from(e, 'base64url')
  const isOdd = exponent.length > 0 && (exponent[exponent.length - 1] & 1) === 1
  return isOdd && bitsOf(e) > 1 && bitsOf(e) <= 64 ? null : 'its exponent makes it worth nothing'
}

function bitsOf(number: string): number {
  const digits = Buffer.from(number, 'base64url').toString('hex').replace(/^0+/, '')
  return digits === '' ? 0 : (digits.length - 1) * 4 + Number.parseInt(digits[0], 16).toString(2).length
}

function isSame(one: VerifyKey, other: VerifyKey): boolean {
  return one.id === other.id && one.kid === other.kid && one.algorithm === other.algorithm
}

/** Keys of which it cannot be said which is meant are no keys. */
function withoutTwins(keys: readonly VerifyKey[]): { unique: VerifyKey[]; twice: string[] } {
  const byName = new Map<string, VerifyKey[]>()
  for (const key of keys) {
    if (key.kid === '') continue
    const name = `${key.family} ${key.algorithm} ${key.kid}`
    byName.set(name, [...(byName.get(name) ?? []), key])
  }
  const twins = new Set([...byName.values()].filter((same) => same.length > 1).flat())
  return { unique: keys.filter((key) => !twins.has(key)), twice: [...new Set([...twins].map(({ kid }) => kid))] }
}

/** A shared secret, for HS256, HS384 and HS512. */
export function secretKey(secret: Uint8Array): VerifyKey {
  const id = createHash('sha256').update('secret').update(secret).digest('base64url')
  return { id, kid: '', algorithm: '', family: 'secret', material: async () => secret }
}

/**
 * The key that a token is to be verified by.
 * @param kid as the token has it; undefined when it has none
 * @returns null when there is none, or more than one
 */
export function findKey(keys: readonly VerifyKey[], algorithm: string, kid: string | undefined): VerifyKey | null {
  const family = familyOf(algorithm)
  const fitting = keys.filter((key) => key.family === family && (key.algorithm === '' || key.algorithm === algorithm))
  // There is one secret, and no set that it would have to be told apart in.
  const meant = kid === undefined || family === 'secret' ? fitting : fitting.filter((key) => key.kid === kid)
  return meant.length === 1 ? meant[0] : null
}
