import { createPublicKey, type KeyObject } from 'node:crypto'
import { CompactSign, exportJWK, generateKeyPair, type JWK } from 'jose'

/** A member of null is left out, whatever stands by default. */
export type Claims = Readonly<Record<string, unknown>>

export interface Header {
  readonly [name: string]: unknown
  readonly alg?: string
}

type Key = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'] | KeyObject | Uint8Array

/** Who issues tokens in a test: keys by their names, and tokens that are good unless it is said what is to be wrong. */
export class Issuer {
  private readonly keys = new Map<string, { algorithm: string; key: Key; jwk: JWK }>()

  constructor(
    readonly name = 'https://issuer.example/',
    readonly audience = 'sluice',
  ) {}

  /** Makes a key, of which the last one made signs. */
  async add(kid: string, algorithm = 'ES256', modulusLength = 2048): Promise<this> {
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength })
    const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' }
    this.keys.delete(kid)
    this.keys.set(kid, { algorithm, key: privateKey, jwk })
    return this
  }

  remove(kid: string): void {
    this.keys.delete(kid)
  }

  /** As it publishes its keys. */
  get jwks(): string {
    return JSON.stringify({ keys: [...this.keys.values()].map(({ jwk }) => jwk) })
  }

  jwk(kid: string): JWK {
    return this.keys.get(kid)?.jwk as JWK
  }

  key(kid: string): Key {
    return this.keys.get(kid)?.key as Key
  }

  /** @param claims over those of a good token; null leaves one out */
  async token(claims: Claims = {}, header: Header = {}, kid = [...this.keys.keys()].at(-1) as string): Promise<string> {
    const { key, algorithm } = this.keys.get(kid) as { key: Key; algorithm: string }
    return signed(JSON.stringify(this.claims(claims)), { alg: algorithm, kid, typ: 'JWT', ...header }, key)
  }

  claims(claims: Claims = {}): Claims {
    const now = Math.floor(Date.now() / 1000)
    const all = {
      iss: this.name,
      aud: this.audience,
      sub: 'ada',
      role: 'all',
      iat: now,
      exp: now + 3600,
      jti: 'one',
      ...claims,
    }
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null))
  }
}

/** A payload as it is, signed by a key as it is. */
export async function signed(payload: string | Uint8Array, header: Header, key: Key): Promise<string> {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
  const { crit, ...rest } = header
  const sign = new CompactSign(bytes).setProtectedHeader({ ...rest, ...(crit !== undefined && { crit }) } as never)
  return sign.sign(key as never, { crit: Object.fromEntries(((crit ?? []) as string[]).map((name) => [name, true])) })
}

export function part(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

/** A public key in PEM, as who confuses algorithms takes it for a secret. */
export function pemOf(key: JWK): string {
  return createPublicKey({ key: key as never, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString()
}
