import { createHmac, randomBytes } from 'node:crypto'
import { Attempts } from './attempts.js'
import { Lru } from './lru.js'
import { type PasswordHash, verifyPassword } from './passwords.js'

/** Of the four threads of the pool, so many at most: files and signatures need some, and so do the cores. */
const AT_ONCE_MAX = 2
/** Wait for one of them: at a quarter of a second each, some eight seconds. */
const WAITING_MAX = 64
const KNOWN_MAX = 10_000

/** right, wrong, or not looked at: too many at a time, or too many wrong ones from the address. */
export type PasswordVerdict = 'right' | 'wrong' | 'busy' | 'throttled'

/** Verifies passwords, which is made to be slow, for as many as there are time and threads for. */
export class PasswordDesk {
  /** Passwords that were right lately, under a key that dies with the process: a crowd that comes back, or a request each event, pays once. */
  private readonly known = new Lru<string, true>(KNOWN_MAX)
  private readonly underWay = new Map<string, Promise<PasswordVerdict>>()
  private readonly secret = randomBytes(32)
  private readonly attempts: Attempts
  private readonly waiting: (() => void)[] = []
  private running = 0

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.attempts = new Attempts(now)
  }

  /** @param hashText as in the configuration: another one makes what was known worth nothing; '' for a user that is not there */
  verify(
    user: string,
    password: string,
    hashText: string,
    hash: PasswordHash,
    address: string,
  ): PasswordVerdict | Promise<PasswordVerdict> {
    const key = createHmac('sha256', this.secret)
      .update(JSON.stringify([user, hashText, password]))
      .digest('base64')
    if (this.known.get(key) === true) return 'right'
    const same = this.underWay.get(key)
    if (same !== undefined) return same
    if (this.running === AT_ONCE_MAX && this.waiting.length === WAITING_MAX) return 'busy'
    if (!this.attempts.begin(address)) return 'throttled'
    const verdict = this.attempt(password, hash).then((isRight) => {
      this.underWay.delete(key)
      if (!isRight || hashText === '') return 'wrong'
      this.attempts.succeeded(address)
      this.known.set(key, true)
      return 'right'
    })
    this.underWay.set(key, verdict)
    return verdict
  }

  private async attempt(password: string, hash: PasswordHash): Promise<boolean> {
    if (this.running === AT_ONCE_MAX) await new Promise<void>((resolve) => this.waiting.push(resolve))
    else this.running++
    try {
      return await verifyPassword(password, hash)
    } catch {
      // No memory for it, say: it is not known to be right.
      return false
    } finally {
      const next = this.waiting.shift()
      if (next === undefined) this.running--
      else next()
    }
  }
}
