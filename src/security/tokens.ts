import { createHash, randomBytes } from 'node:crypto'

/** Longest credential that is looked at, token or password, in characters: a JWT with a few dozen claims. Nothing longer is hashed, decoded or parsed. */
export const TOKEN_CHARS_MAX = 8192
/** Nobody guesses 256 bits, so a fast hash is enough, and no lookup needs slowing down. */
const TOKEN_BYTES = 32
/** So that a token that has leaked into a log is found there. */
const TOKEN_PREFIX = 'slt_'
const PRINTABLE = /^[!-~]+$/

/** A new random token. */
export function makeToken(): string {
  return TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url')
}

/** As `token_hashes` has it. Looked up as it is: what timing tells of a hash is worth nothing to who cannot choose it. */
export function hashToken(token: string): string {
  return `sha256:${createHash('sha256').update(token).digest('hex')}`
}

/** Whether it could be a token at all, of whichever kind. */
export function isTokenLike(token: string): boolean {
  return token.length <= TOKEN_CHARS_MAX && PRINTABLE.test(token)
}
