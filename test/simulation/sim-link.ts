import { type Link, Written } from '../../src/core/link.js'
import type { Session } from '../../src/core/session.js'
import type { SeededRandom } from '../helpers/msgpack-random.js'
import { type Ledger, must } from './ledger.js'
import type { Plan } from './plan.js'
import type { Sabotage } from './sabotage.js'

/** A transport by chance: full now and then, gone now and then. What it takes goes to the ledger. */
export class SimLink implements Link {
  session: Session | null = null
  /** Steps until the link takes bytes again; 0 when it does. */
  fullFor = 0
  gone = false
  ended = false
  /** Nothing is refused any more: the world comes to its end. */
  calm = false
  /** Written before the session was known: WELCOME. */
  private early: Buffer[] = []
  /** Called when the core ends the link. */
  onEnd: (code: number) => void = () => undefined

  constructor(
    private readonly plan: Plan,
    private readonly random: SeededRandom,
    private readonly ledger: Ledger,
    private readonly sabotage: Sabotage | null,
  ) {}

  attach(session: Session): void {
    this.session = session
    for (const bytes of this.early) this.ledger.onWrite(session, bytes)
    this.early = []
  }

  write(frames: Uint8Array): Written {
    must(frames.length > 0, () => 'something is written')
    must(this.fullFor === 0, () => 'nothing is written to a link that is full')
    if (this.gone || this.ended) return Written.GONE
    const { random, plan } = this
    if (!this.calm && random.oneIn(3000)) {
      this.gone = true
      return Written.GONE
    }
    const bytes = Buffer.from(frames)
    const through = this.sabotage?.onWrite?.(bytes, random) ?? bytes
    if (this.session === null) this.early.push(through)
    else this.ledger.onWrite(this.session, through)
    if (this.calm || plan.blockOneIn === 0 || !random.oneIn(plan.blockOneIn)) return Written.SENT
    this.fullFor = 1 + random.below(random.oneIn(10) ? plan.stallStepsMax * 10 : plan.stallStepsMax)
    return Written.BUFFERED
  }

  end(code: number): void {
    must(!this.ended, () => 'a link is ended once')
    this.ended = true
    this.onEnd(code)
  }
}
