/** What keys a signature is verified by (RFC 7518, 3.1; RFC 8037): the algorithm alone decides it, never the token. */
export type KeyFamily = 'secret' | 'RSA' | 'EC P-256' | 'EC P-384' | 'EC P-521' | 'OKP Ed25519'

const FAMILIES: ReadonlyMap<string, KeyFamily> = new Map<string, KeyFamily>([
  ['HS256', 'secret'],
  ['HS384', 'secret'],
  ['HS512', 'secret'],
  ['RS256', 'RSA'],
  ['RS384', 'RSA'],
  ['RS512', 'RSA'],
  ['PS256', 'RSA'],
  ['PS384', 'RSA'],
  ['PS512', 'RSA'],
  ['ES256', 'EC P-256'],
  ['ES384', 'EC P-384'],
  ['ES512', 'EC P-521'],
  ['EdDSA', 'OKP Ed25519'],
])

/** A secret is as long as the hash at least (RFC 7518, 3.2). */
const SECRET_BYTES_MIN: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 }

export function familyOf(algorithm: string): KeyFamily | null {
  return FAMILIES.get(algorithm) ?? null
}

export function secretBytesMin(algorithms: readonly string[]): number {
  return Math.max(0, ...algorithms.map((name) => SECRET_BYTES_MIN[name] ?? 0))
}

/** An algorithm of each family, by which it is found out whether a key is one. */
export const SOME_ALGORITHM: Readonly<Record<Exclude<KeyFamily, 'secret'>, string>> = {
  RSA: 'RS256',
  'EC P-256': 'ES256',
  'EC P-384': 'ES384',
  'EC P-521': 'ES512',
  'OKP Ed25519': 'EdDSA',
}
