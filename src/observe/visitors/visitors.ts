import { Rate } from '../../core/rate.js'
import type { Metric } from '../metrics/definition.js'
import type { Part, ThreadContext } from '../thread/part.js'
import { AdminProblem } from '../thread/routes.js'
import type { Standing } from './questions.js'

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** What machines ask that know nobody's secret: a yes or a no, and why. */
const OPEN_PATHS = new Set(['/livez', '/readyz'])

/** A verdict is good for so long: a page asks for several things at a time, and who is revoked must be out within a second. */
const VERDICT_MS = 900
/** Who was right within this time is not taken for one who guesses, and is let in while the routing thread stands still: then they are needed most. */
const TRUSTED_MS = 15 * 60_000
/** Verdicts and addresses that are remembered. */
const REMEMBERED_MAX = 1024
/** Wrong credentials of one address at once, and each second. */
const WRONG_AT_ONCE = 20
const WRONG_PER_SECOND = 2

const CHALLENGES = ['Basic realm="sluice", charset="UTF-8"', 'Bearer realm="sluice"']

type Outcome = 'admitted' | 'anonymous' | 'wrong' | 'not_admin' | 'throttled' | 'unavailable'

const TRUSTED: Standing = { kind: 'admin', user: '' }
const UNAVAILABLE: Standing = { kind: 'unavailable' }

interface Remembered {
  standing: Promise<Standing>
  askedAt: number
  /** When they were an admin last; 0 never. */
  rightAt: number
}

/** Lets into the admin port who may be there, where it is not open to everybody. Who they are is asked of the routing thread. */
export class Visitors implements Part {
  readonly routes = []
  readonly metrics: readonly Metric[]
  private readonly remembered = new Map<string, Remembered>()
  private readonly guesses = new Map<string, Rate>()
  private readonly counts: Record<Outcome, number> = {
    admitted: 0,
    anonymous: 0,
    wrong: 0,
    not_admin: 0,
    throttled: 0,
    unavailable: 0,
  }

  constructor(private readonly context: Pick<ThreadContext, 'settings' | 'ask' | 'now'>) {
    this.metrics = [
      {
        name: 'sluice_admin_visits_total',
        help: 'Requests to the admin port while it asks who somebody is, by what came of it.',
        type: 'counter',
        labels: ['outcome'],
        read: () => Object.entries(this.counts).map(([outcome, count]) => [[outcome], count] as const),
      },
    ]
  }

  tick(): void {
    const now = this.context.now()
    for (const [key, { askedAt, rightAt }] of this.remembered) {
      if (now - Math.max(askedAt, rightAt) > (rightAt === 0 ? VERDICT_MS : TRUSTED_MS)) this.remembered.delete(key)
    }
  }

  /** @throws AdminProblem for whoever may not be here */
  async admit(path: string, headers: Headers, address: string): Promise<void> {
    if (OPEN_PATHS.has(path) || this.context.settings.admin?.isOpen !== false) return
    const { authorization } = headers
    if (typeof authorization !== 'string') this.refuse('anonymous')
    const standing = await this.standingOf(authorization as string, address)
    if (standing.kind === 'admin') this.counts.admitted++
    else if (standing.kind === 'other') this.refuse('not_admin')
    else if (standing.kind === 'nobody') this.refuse('wrong')
    else this.refuse('unavailable')
  }

  private async standingOf(authorization: string, address: string): Promise<Standing> {
    const key = `${address} ${authorization}`
    const known = this.remembered.get(key)
    const now = this.context.now()
    if (known !== undefined && now - known.askedAt < VERDICT_MS) return known.standing
    const isTrusted = known !== undefined && known.rightAt > 0 && now - known.rightAt < TRUSTED_MS
    const guesses = this.guessesOf(address)
    // By a clock that goes slower than ours: a bucket is filled in a second.
    if (!guesses.admits((now * WRONG_PER_SECOND) / WRONG_AT_ONCE) && !isTrusted) this.refuse('throttled')
    // Counted before it is known: many at the same time are not one.
    guesses.take(1, 0)
    const told = this.context.ask('identify', { authorization, address }).catch(() => null)
    const remembered: Remembered = {
      standing: told.then((standing) => standing ?? (isTrusted ? TRUSTED : UNAVAILABLE)),
      askedAt: now,
      rightAt: known?.rightAt ?? 0,
    }
    this.remember(key, remembered)
    const standing = await told
    if (standing !== null) remembered.rightAt = standing.kind === 'admin' ? now : 0
    if (standing?.kind !== 'nobody') guesses.take(-1, 0)
    return remembered.standing
  }

  private guessesOf(address: string): Rate {
    let guesses = this.guesses.get(address)
    if (guesses === undefined) {
      guesses = new Rate({ eventsPerSecond: WRONG_AT_ONCE, bytesPerSecond: 0 })
      if (this.guesses.size >= REMEMBERED_MAX) this.guesses.delete([...this.guesses.keys()][0])
      this.guesses.set(address, guesses)
    }
    return guesses
  }

  private remember(key: string, remembered: Remembered): void {
    this.remembered.delete(key)
    this.remembered.set(key, remembered)
    if (this.remembered.size <= REMEMBERED_MAX) return
    // Those who guess make room first.
    const keys = [...this.remembered]
    const [least] = keys.find(([, { rightAt }]) => rightAt === 0) ?? keys[0]
    this.remembered.delete(least)
  }

  private refuse(outcome: Exclude<Outcome, 'admitted'>): never {
    this.counts[outcome]++
    switch (outcome) {
      case 'anonymous':
        throw new AdminProblem(401, 'say who you are: this port is for admins', { 'www-authenticate': CHALLENGES })
      case 'wrong':
        throw new AdminProblem(401, 'these credentials are not accepted', { 'www-authenticate': CHALLENGES })
      case 'not_admin':
        throw new AdminProblem(403, 'this user is no admin: admin = true in [[user]], or a role of jwt.admin_roles')
      case 'throttled':
        throw new AdminProblem(429, 'too many wrong credentials from this address', { 'retry-after': '10' })
      case 'unavailable':
        throw new AdminProblem(503, 'who you are cannot be found out at the moment', { 'retry-after': '1' })
    }
  }
}
