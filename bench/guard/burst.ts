import type { Connection } from '../generator/connection.js'
import { buildCycle, type Cycle } from '../generator/cycle.js'
import type { FlowSpec, Target } from '../generator/job.js'
import { DeliveryBook, verifierFor } from '../generator/receiver.js'
import { inParallel, openPublisher, openReceiver } from '../generator/setup.js'
import type { Verifier } from '../generator/verify.js'
import { wireNamed } from '../wires/index.js'

/** Deliveries that have not come when nothing has come for so long are lost. */
const STILL_MS = 30_000
const NO_LIMITS = { bytesMax: 0, eventsMax: 0 }

/**
 * A number of events through a daemon, one chunk after the other: the next is written when all deliveries of the last have come. So the daemon
 * does the same work for the same events however fast it or the machine is.
 */
export class Burst {
  private sent = 0
  private received = 0
  private onReceived: () => void = () => {}

  private constructor(
    private readonly publisher: Connection,
    private readonly receivers: readonly Receiver[],
    private readonly cycle: Cycle,
    private readonly chunkMessages: number,
    private readonly bytesEach: number,
  ) {}

  /** @param flow one stream that all subscribers receive */
  static async open(target: Target, flow: FlowSpec): Promise<Burst> {
    const wire = wireNamed(target.wire)
    const { streams, subscribers, cycleEvents, payloadBytes, chunkBytesMax } = flow
    const readBuffer = Buffer.allocUnsafeSlow(chunkBytesMax)
    const cycle = buildCycle(wire, streams[0], 0, cycleEvents, payloadBytes)
    const book = new DeliveryBook(wire, flow)
    let burst: Burst | null = null
    const receivers = await inParallel(subscribers.length, async (i) => {
      const connection = await openReceiver(target, readBuffer, subscribers[i], NO_LIMITS)
      const verifier = verifierFor(wire, book, subscribers[i])
      connection.stream((chunk, start, end) => {
        verifier.feed(chunk, start, end)
        burst?.arrived(end - start)
      })
      return { connection, verifier }
    })
    const publisher = await openPublisher(target.publish, readBuffer)
    const bytesEach = book.of(0, subscribers[0].patterns[0]).recordBytes * subscribers.length
    const messages = Math.max(1, Math.floor(chunkBytesMax / cycle.messageBytes))
    burst = new Burst(publisher, receivers, cycle, messages, bytesEach)
    return burst
  }

  /** Events are bytes: those of one message, without what frames it. */
  get frameBytes(): number {
    return this.bytesEach / this.receivers.length
  }

  /**
   * Sends at least this many events, and waits until they have come to all.
   * @returns how many they were. Rejects when one was lost, doubled or reordered.
   */
  async run(events: number): Promise<number> {
    const before = this.sent
    const until = before + events
    await new Promise<void>((resolve, reject) => {
      let timer = setTimeout(() => {}, 0)
      const next = () => {
        clearTimeout(timer)
        if (this.sent >= until) return resolve()
        timer = setTimeout(() => reject(new Error(this.failure())), STILL_MS)
        this.writeChunk()
      }
      this.onReceived = () => {
        if (this.received >= this.sent * this.bytesEach) next()
      }
      next()
    })
    const wrong = this.wrong()
    if (wrong !== null) throw new Error(wrong)
    return this.sent - before
  }

  close(): void {
    this.publisher.close()
    for (const { connection } of this.receivers) connection.close()
  }

  private arrived(bytes: number): void {
    this.received += bytes
    this.onReceived()
  }

  private writeChunk(): void {
    const { publications, messageBytes, batch } = this.cycle
    const place = ((this.sent / batch) * messageBytes) % publications.length
    const end = Math.min(publications.length, place + this.chunkMessages * messageBytes)
    this.sent += ((end - place) / messageBytes) * batch
    this.publisher.write(publications.subarray(place, end))
  }

  /** What is wrong about the deliveries, or null. */
  private wrong(): string | null {
    for (const { verifier } of this.receivers) {
      if (verifier.corrupt !== null) return `a subscriber received ${verifier.corrupt}`
      verifier.settle()
      const [{ delivered, lost, doubled, reordered }] = verifier.checks
      const { notices } = verifier
      if (delivered !== this.sent || lost + doubled + reordered + notices > 0) {
        return `a subscriber received ${delivered} of ${this.sent} events: ${lost} lost, ${doubled} doubled, ${reordered} reordered, ${notices} notices`
      }
    }
    return null
  }

  private failure(): string {
    const failed = [this.publisher, ...this.receivers.map(({ connection }) => connection)].map(({ failure }) => failure)
    return failed.find((error) => error !== null)?.message ?? this.wrong() ?? 'deliveries did not come in time'
  }
}

interface Receiver {
  readonly connection: Connection
  readonly verifier: Verifier
}
