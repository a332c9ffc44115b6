import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** A password's hash by scrypt (RFC 7914), as `password_hash` has it: scrypt:log2(N):r:p:salt:hash, base64url. */
export interface PasswordHash {
  readonly cost: ScryptCost
  readonly salt: Buffer
  readonly hash: Buffer
}

export interface ScryptCost {
  /** Binary logarithm of N. */
  readonly logN: number
  readonly r: number
  readonly p: number
}

/** What OWASP's cheat sheet on storing passwords takes for the least: 32 MiB, and a quarter of a second of one core. */
export const DEFAULT_COST: ScryptCost = { logN: 15, r: 8, p: 3 }
/** The most that one attempt may take: whoever knocks decides how often it is taken. */
const MEMORY_BYTES_MAX = 256 * 1024 * 1024
const WORK_MAX = 2 ** 22
const LOG_N_MIN = 10
const SALT_BYTES = 16
const HASH_BYTES = 32

/** @throws Error that completes "…: " for the operator */
export function parsePasswordHash(text: string): PasswordHash {
  const [, logN, r, p, salt, hash] = text.split(':')
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) }
  if (cost.logN < LOG_N_MIN || cost.r < 1 || cost.p < 1)
    throw new Error('its cost is too low to keep a password secret')
  if (memoryOf(cost) > MEMORY_BYTES_MAX || 2 ** cost.logN * cost.r * cost.p > WORK_MAX) {
    throw new Error('its cost is so high that a few attempts would hold up the daemon; make it anew with "sluice hash"')
  }
  return { cost, salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url') }
}

/** A line for `password_hash`. */
export async function hashPassword(password: string, cost: ScryptCost = DEFAULT_COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(password, salt, HASH_BYTES, cost)
  const { logN, r, p } = cost
  return `scrypt:${logN}:${r}:${p}:${salt.toString('base64url')}:${hash.toString('base64url')}`
}

/** Off the routing thread, on the thread pool. */
export async function verifyPassword(password: string, { cost, salt, hash }: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, salt, hash.length, cost), hash)
}

/** That nothing fits: for users that are not there, who must cost as much as those that are. */
export function hashOfNobody(cost: ScryptCost): PasswordHash {
  return { cost, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) }
}

function derive(password: string, salt: Buffer, length: number, cost: ScryptCost): Promise<Buffer> {
  // What OpenSSL reckons with is a little more than the table itself.
  const maxmem = memoryOf(cost) + 1024 * 1024
  return new Promise((resolve, reject) =>
    scrypt(password, salt, length, { N: 2 ** cost.logN, r: cost.r, p: cost.p, maxmem }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    ),
  )
}

function memoryOf({ logN, r, p }: ScryptCost): number {
  return 128 * r * (2 ** logN + p)
}
