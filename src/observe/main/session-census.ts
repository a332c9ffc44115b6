import type { Session } from '../../core/session.js'

/** Sessions looked at in one sweep, some ten nanoseconds each. With more of them than this, the figures are of as many sweeps as it takes to see them all. */
const SWEPT_MAX = 2048

interface Figures {
  subscriptions: number
  /** Outboxes whose link takes nothing. */
  blocked: number
  /** Sessions by how they speak. */
  readonly byTransport: Map<string, number>
}

/** What can only be known by going through the sessions, found without ever walking all of many at once. */
export class SessionCensus {
  figures: Readonly<Figures> = emptyFigures()
  private underWay = emptyFigures()
  private sessions: Iterator<Session>

  constructor(private readonly all: ReadonlyMap<number, Session>) {
    this.sessions = all.values()
  }

  sweep(): void {
    for (let left = SWEPT_MAX; left > 0; left--) {
      const { done, value } = this.sessions.next()
      if (done === true) {
        this.figures = this.underWay
        this.underWay = emptyFigures(this.figures.byTransport.keys())
        this.sessions = this.all.values()
        return
      }
      this.count(value)
    }
  }

  private count({ subscriptions, outbox, peer }: Session): void {
    const { underWay } = this
    underWay.subscriptions += subscriptions.size
    if (outbox.blocked) underWay.blocked++
    underWay.byTransport.set(peer.transport, (underWay.byTransport.get(peer.transport) ?? 0) + 1)
  }
}

/** @param transports known from before: of them there are none now, which is something to tell, too */
function emptyFigures(transports: Iterable<string> = []): Figures {
  return { subscriptions: 0, blocked: 0, byTransport: new Map(Array.from(transports, (transport) => [transport, 0])) }
}
