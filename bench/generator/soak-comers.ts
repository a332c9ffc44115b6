import { encodeControl } from '../../src/protocol/control.js'
import { Op } from '../../src/protocol/ops.js'
import { wireNamed } from '../wires/index.js'
import type { Connection } from './connection.js'
import type { ComersSpec, Endpoint } from './job.js'
import type { DeliveryBook } from './receiver.js'
import { openReceiver } from './setup.js'
import { Notices } from './soak-notices.js'
import { RecordVerifier, StreamCheck } from './verify.js'

const UNSUBSCRIBE_REQUEST = 1_000_000
const ANSWER_MS_MAX = 10_000
const FAILURES_MAX = 10

/** Begins with whatever event comes first. */
class JoiningCheck extends StreamCheck {
  private joined = false

  override accept(place: number, count: number): void {
    if (!this.joined) {
      this.joined = true
      this.next = place
    }
    super.accept(place, count)
  }
}

/**
 * Subscribers that come and go all the time, a fixed number of them at once. Every other one unsubscribes and waits for the answer before it closes, so that it
 * has got all that was sent to it; the others just end, as programs do.
 */
export class Comers {
  came = 0
  received = 0
  lost = 0
  doubled = 0
  reordered = 0
  /** Events that they were told they missed. */
  missed = 0
  readonly failures: string[] = []
  private stopping = false
  private readonly lives: Promise<void>[] = []
  private readonly wakers = new Set<() => void>()

  constructor(
    private readonly endpoints: readonly Endpoint[],
    private readonly spec: ComersSpec,
    private readonly book: DeliveryBook,
    private readonly readBuffer: Buffer,
  ) {}

  start(): void {
    for (let place = 0; place < this.spec.connections; place++) this.lives.push(this.live(place))
  }

  /** Resolves when the last of them has left. */
  async stop(): Promise<void> {
    this.stopping = true
    for (const wake of this.wakers) wake()
    await Promise.all(this.lives)
  }

  private async live(place: number): Promise<void> {
    // Different lengths, so that they do not all come and go in one moment.
    const holdMs = this.spec.holdMs * (0.5 + place / this.spec.connections)
    for (let round = 0; !this.stopping && this.failures.length < FAILURES_MAX; round++) {
      try {
        await this.comeAndGo(place + round, holdMs)
      } catch (error) {
        this.failures.push((error as Error).message)
      }
    }
  }

  private async comeAndGo(number: number, holdMs: number): Promise<void> {
    const endpoint = this.endpoints[number % this.endpoints.length]
    const { pattern, stream } = this.spec.of[number % this.spec.of.length]
    const subscription = { patterns: [pattern], streams: [stream] }
    const connection = await openReceiver(endpoint, this.readBuffer, subscription, { bytesMax: 0, eventsMax: 0 })
    this.came++
    const notices = new Notices(wireNamed(endpoint.wire))
    const check = new JoiningCheck(this.book.of(stream, pattern))
    const verifier = new RecordVerifier([check], [stream], notices.noticeEnd, notices.gapIn)
    connection.stream((chunk, start, end) => verifier.feed(chunk, start, end))
    try {
      await this.held(holdMs)
      if (number % 2 === 0 || this.stopping) await unsubscribe(connection, notices, pattern)
      if (connection.failure !== null) throw connection.failure
      if (verifier.corrupt !== null) throw new Error(`a subscriber received ${verifier.corrupt}`)
    } finally {
      connection.close()
      this.received += check.delivered
      this.lost += check.lost
      this.doubled += check.doubled
      this.reordered += check.reordered
      this.missed += check.missed
    }
  }

  private held(ms: number): Promise<void> {
    if (this.stopping) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.wakers.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.wakers.add(wake)
    })
  }
}

/** After the answer nothing comes any more. */
function unsubscribe(connection: Connection, notices: Notices, pattern: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('unsubscribe was not answered')), ANSWER_MS_MAX)
    notices.onOk = (request) => {
      if (request !== UNSUBSCRIBE_REQUEST) return
      clearTimeout(timer)
      resolve()
    }
    connection.send(encodeControl({ op: Op.UNSUBSCRIBE, request: UNSUBSCRIBE_REQUEST, pattern }))
  })
}
