import { encodeControl } from '../protocol/control.js'
import { Op } from '../protocol/ops.js'
import { UnconfirmedError } from './errors.js'

/** Events after which a SYNC goes along unasked: bounds how many are in doubt when the connection breaks. */
const SYNC_EVERY_EVENTS = 1024

export interface SyncResult {
  /** Events that the daemon has taken, since connect. */
  readonly accepted: number
  /** Events that the daemon has refused, since connect; status events say why. */
  readonly refused: number
  /** Events that were dropped here, in the full local buffer, since connect. */
  readonly dropped: number
}

interface Waiter {
  /** What had to be sent first. */
  readonly mark: Float64Array
  /** 0 until SYNC was sent on this connection. */
  request: number
  resolve(): void
  reject(error: Error): void
}

/** What is needed of the way out. */
export interface SyncedSender {
  hasPassed(mark: Float64Array): boolean
  mark(): Float64Array
  writeControl(frame: Uint8Array): void
}

/**
 * Knows which events the daemon has confirmed. On one connection frames are handled in order, so the answer to a SYNC confirms every event sent
 * before it; the rest is in doubt until then, and lost for all we know when the connection breaks.
 */
export class Confirmation {
  private readonly sender: SyncedSender
  private readonly nextRequest: () => number
  /** Events sent, and confirmed, on this connection. */
  private sent = 0
  private confirmed = 0
  /** SYNCs without an answer, oldest first, with the events sent before each. */
  private outstanding: { request: number; mark: number }[] = []
  private waiters: Waiter[] = []
  private acceptedBefore = 0
  private refusedBefore = 0
  private acceptedNow = 0
  private refusedNow = 0
  private lostSinceSync = 0

  constructor(sender: SyncedSender, nextRequest: () => number) {
    this.sender = sender
    this.nextRequest = nextRequest
  }

  get accepted(): number {
    return this.acceptedBefore + this.acceptedNow
  }

  get refused(): number {
    return this.refusedBefore + this.refusedNow
  }

  /** Whether somebody waits for a `sync`. */
  get isAwaited(): boolean {
    return this.waiters.length > 0
  }

  get unconfirmed(): number {
    return this.sent - this.confirmed
  }

  /** A batch of events is being sent. Returns a SYNC to go with it when it is time for one. */
  batchSends(events: number): Uint8Array | null {
    this.sent += events
    if (this.outstanding.length > 0 || this.unconfirmed < SYNC_EVERY_EVENTS) return null
    return this.makeSync(this.sent)
  }

  /** Asks for what is in doubt, unless that has been asked. */
  askWhenIdle(): void {
    if (this.unconfirmed > 0 && this.outstanding.at(-1)?.mark !== this.sent) {
      this.sender.writeControl(this.makeSync(this.sent))
    }
  }

  private makeSync(mark: number, request = this.nextRequest()): Uint8Array {
    this.outstanding.push({ request, mark })
    return encodeControl({ op: Op.SYNC, request })
  }

  /**
   * Settles when everything published so far was accepted or refused. Rejects with UnconfirmedError when that cannot be known of some events since the
   * last call.
   */
  sync(): Promise<void> {
    if (this.lostSinceSync > 0) {
      const error = new UnconfirmedError(this.lostSinceSync)
      this.lostSinceSync = 0
      return Promise.reject(error)
    }
    return new Promise((resolve, reject) => {
      this.waiters.push({ mark: this.sender.mark(), request: 0, resolve, reject })
    })
  }

  /**
   * Sends the SYNC of those who wait, once what they wait for has been sent.
   * @param flowingEvents events that will be sent before a control frame written now
   */
  advance(flowingEvents: () => number): void {
    for (const waiter of this.waiters) {
      if (waiter.request !== 0) continue
      if (!this.sender.hasPassed(waiter.mark)) return
      waiter.request = this.nextRequest()
      this.sender.writeControl(this.makeSync(this.sent + flowingEvents(), waiter.request))
    }
  }

  synced(request: number, accepted: number, refused: number): void {
    const place = this.outstanding.findIndex((sync) => sync.request === request)
    if (place < 0) return
    this.confirmed = this.outstanding[place].mark
    this.acceptedNow = accepted
    this.refusedNow = refused
    this.outstanding.splice(0, place + 1)
    const waiter = this.waiters.find((one) => one.request === request)
    if (waiter === undefined) return
    this.waiters.splice(this.waiters.indexOf(waiter), 1)
    waiter.resolve()
  }

  /**
   * The connection is gone.
   * @returns how many events are in doubt for ever
   */
  connectionLost(): number {
    const lost = this.unconfirmed
    this.acceptedBefore += this.acceptedNow
    this.refusedBefore += this.refusedNow
    this.acceptedNow = 0
    this.refusedNow = 0
    this.sent = 0
    this.confirmed = 0
    this.outstanding = []
    if (lost === 0) {
      for (const waiter of this.waiters) waiter.request = 0
    } else if (this.waiters.length > 0) {
      this.fail(new UnconfirmedError(lost))
    } else {
      this.lostSinceSync += lost
    }
    return lost
  }

  /** Nobody who waits will get an answer. */
  fail(error: Error): void {
    const waiters = this.waiters
    this.waiters = []
    for (const waiter of waiters) waiter.reject(error)
  }
}
