import type { Session } from '../../core/session.js'

/** Sessions looked at in one sweep, some fifty nanoseconds each: so many, or with very many of them so large a part of all. */
const SWEPT_MIN = 512
const SWEPT_PART = 1 / 32

/** What can only be known by going through the sessions, found without ever walking many at once. */
export class SessionCensus {
  /** Sessions by how they speak. */
  byTransport: ReadonlyMap<string, number> = new Map()
  private underWay = new Map<string, number>()
  private sessions: Iterator<Session>

  constructor(private readonly all: ReadonlyMap<number, Session>) {
    this.sessions = all.values()
  }

  sweep(): void {
    for (let left = Math.max(SWEPT_MIN, this.all.size * SWEPT_PART); left > 0; left--) {
      const { done, value } = this.sessions.next()
      if (done === true) {
        this.end()
        return
      }
      const { transport } = value.peer
      this.underWay.set(transport, (this.underWay.get(transport) ?? 0) + 1)
    }
  }

  private end(): void {
    this.byTransport = this.underWay
    // Of those known from before there may be none now, which is something to tell, too.
    this.underWay = new Map(Array.from(this.byTransport.keys(), (transport) => [transport, 0]))
    this.sessions = this.all.values()
  }
}
