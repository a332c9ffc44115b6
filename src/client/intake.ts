/** The connection, as far as reading goes. */
export interface Readable {
  /** @returns whether it could */
  pause(): boolean
  resume(): void
}

/**
 * Decides whether the socket is read. A subscription whose queue fills stops it, so that what comes waits with the daemon, by the policies asked for there. But all of a
 * bus comes by one socket: while anybody waits for anything from it, it is read, and what overflows is dropped here.
 */
export class Intake {
  private readonly isAwaited: () => boolean
  private connection: Readable | null = null
  private full = 0
  private isPaused = false

  /** @param isAwaited whether anybody waits for something that can only come by the socket */
  constructor(isAwaited: () => boolean) {
    this.isAwaited = isAwaited
  }

  attach(connection: Readable): void {
    this.connection = connection
    this.isPaused = false
  }

  detach(): void {
    this.connection = null
    this.isPaused = false
  }

  /** One more subscription has a queue that fills. */
  filled(): void {
    this.full++
  }

  /** One of them has room again, or is gone. */
  emptied(): void {
    if (--this.full === 0) this.resume()
  }

  /** A message has been handed out. */
  taken(): void {
    if (this.full === 0 || this.isPaused || this.connection === null || this.isAwaited()) return
    this.isPaused = this.connection.pause()
  }

  /** Goes on: nobody is full any more, or somebody has begun to wait. */
  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.connection?.resume()
  }
}
