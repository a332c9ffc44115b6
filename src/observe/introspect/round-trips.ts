import type { Session } from '../../core/session.js'
import { Op } from '../../protocol/ops.js'

/** Who has not answered by then is taken not to. Well within what the observer thread waits for an answer. */
const WAIT_MS = 1000
/** Transports whose peers cannot send anything back. */
const ONE_WAY: ReadonlySet<string> = new Set(['none', 'sse', 'http-frames'])

interface Measurement {
  readonly result: Promise<number | null>
  end(ms: number | null): void
}

/** How long it takes to a peer's program and back, by a PING of the protocol. */
export class RoundTrips {
  private readonly underWay = new Map<Session, Measurement>()
  private token = 0

  constructor(private readonly now: () => number) {}

  /** Milliseconds; null when it does not answer, or cannot. */
  measure(session: Session): Promise<number | null> {
    const running = this.underWay.get(session)
    if (running !== undefined) return running.result
    // Behind what waits it would measure that; and each PING more would add to it.
    if (session.outbox.blocked || ONE_WAY.has(session.peer.transport)) return Promise.resolve(null)
    const token = ++this.token
    const measurement = this.begin(session)
    const startedMs = this.now()
    session.onPong = (answered) => {
      if (answered === token) measurement.end(this.now() - startedMs)
    }
    session.outbox.sendControl({ op: Op.PING, token })
    return measurement.result
  }

  private begin(session: Session): Measurement {
    let tell: (ms: number | null) => void
    const result = new Promise<number | null>((resolve) => {
      tell = resolve
    })
    const late = setTimeout(() => measurement.end(null), WAIT_MS)
    const measurement: Measurement = {
      result,
      end: (ms) => {
        clearTimeout(late)
        session.onPong = null
        this.underWay.delete(session)
        tell(ms)
      },
    }
    this.underWay.set(session, measurement)
    return measurement
  }

  /** The session has ended. */
  forget(session: Session): void {
    this.underWay.get(session)?.end(null)
  }
}
