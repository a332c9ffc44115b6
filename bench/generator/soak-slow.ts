import { wireNamed } from '../wires/index.js'
import type { Connection } from './connection.js'
import type { Endpoint, SlowSpec } from './job.js'
import type { DeliveryBook } from './receiver.js'
import { openReceiver } from './setup.js'
import { Notices } from './soak-notices.js'
import { RecordVerifier, StreamCheck } from './verify.js'

/** Of one read; how often one is made sets the pace. */
const READ_BYTES = 16 * 1024

/** A subscriber that reads more slowly than its events come, so that the daemon has to drop some and to say so. */
export class SlowReader {
  private timer: NodeJS.Timeout | null = null

  private constructor(
    readonly connection: Connection,
    private readonly verifier: RecordVerifier,
    readonly stream: number,
  ) {}

  static async open(endpoint: Endpoint, spec: SlowSpec, book: DeliveryBook): Promise<SlowReader> {
    const { pattern, stream, bytesMax, eventsMax, readBytesPerSecond } = spec
    const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES)
    const subscription = { patterns: [pattern], streams: [stream] }
    const connection = await openReceiver(endpoint, readBuffer, subscription, { bytesMax, eventsMax })
    const notices = new Notices(wireNamed(endpoint.wire))
    const check = new StreamCheck(book.of(stream, pattern))
    const verifier = new RecordVerifier([check], [stream], notices.noticeEnd, notices.gapIn)
    const reader = new SlowReader(connection, verifier, stream)
    connection.stream((chunk, start, end) => {
      if (reader.timer !== null) connection.pause()
      verifier.feed(chunk, start, end)
    })
    reader.timer = setInterval(() => connection.resume(), (READ_BYTES / readBytesPerSecond) * 1000)
    return reader
  }

  /** Reads whatever there is from now on. */
  hurry(): void {
    this.stop()
    this.connection.resume()
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer)
    this.timer = null
  }

  get check(): StreamCheck {
    return this.verifier.checks[0]
  }

  get corrupt(): string | null {
    return this.verifier.corrupt
  }
}
