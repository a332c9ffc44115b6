import { Written } from '../../src/core/link.js'
import type { CoreOptions } from '../../src/core/options.js'
import { EventStreams } from '../../src/ingress/http/event-streams.js'
import { HttpMeters, type HttpOptions } from '../../src/ingress/http/options.js'
import { eventFrame, type Metadata, packed } from './core-frames.js'
import { CoreHarness, type Peer } from './core-harness.js'
import { EventSourceReader } from './event-source.js'
import { TestExchange } from './http-exchange.js'

export const HTTP_OPTIONS: HttpOptions = {
  bodyBytesMax: 1 << 20,
  bodyTimeoutMs: 30_000,
  heartbeatMs: 15_000,
  resumeTimeMs: 30_000,
  resumeBytes: 256 << 10,
}

/** One connection of a reader of server-sent events. */
export class StreamReader {
  readonly source = new EventSourceReader()

  constructor(readonly exchange: TestExchange) {}

  /** Reads what has arrived. */
  read(): this {
    this.source.feed(this.exchange.take())
    return this
  }

  /** Payloads of the events that have arrived since the last call. */
  payloads(): unknown[] {
    return this.read()
      .source.take()
      .map(([, , , payload]) => payload)
  }

  /** Gaps that have arrived since the last call, as pattern, count and reason. */
  gaps(): unknown[][] {
    return this.read()
      .source.take('gap')
      .map(([, ...gap]) => gap)
  }

  /** The connection takes what it is given, and nothing after the next write. */
  freeze(): void {
    this.exchange.answer = Written.BUFFERED
  }
}

/** Streams of events over a router, with a publisher. */
export class StreamsHarness {
  readonly core: CoreHarness
  readonly meters = new HttpMeters()
  readonly streams: EventStreams
  readonly publisher: Peer
  private ms = 0

  constructor(http: Partial<HttpOptions> = {}, core: Partial<CoreOptions> = {}) {
    this.core = new CoreHarness(core)
    this.streams = new EventStreams(this.core.router, { ...HTTP_OPTIONS, ...http }, this.meters)
    this.publisher = this.core.peer()
  }

  /** @param query of GET /v1/events */
  exchange(query: string, headers: Record<string, string> = {}): TestExchange {
    const exchange = new TestExchange({ target: `/v1/events?${query}`, headers })
    this.streams.open(exchange)
    return exchange.handled()
  }

  reader(query: string, lastEventId = ''): StreamReader {
    const headers: Record<string, string> = lastEventId === '' ? {} : { 'last-event-id': lastEventId }
    return new StreamReader(this.exchange(query, headers))
  }

  /** Publishes values, as one message, and hands them out. */
  publish(
    topic: string,
    values: readonly unknown[],
    { lane = 3, metadata }: { lane?: number; metadata?: Metadata } = {},
  ): void {
    this.publisher.send(...values.map((value) => eventFrame(topic, packed(value), lane, metadata)))
    this.core.turns()
  }

  /** Lets so many seconds pass, a tick each. */
  seconds(count: number): void {
    for (let i = 0; i < count; i++) {
      this.ms += 1000
      this.core.host.ms += 1000
      this.streams.tick(this.ms)
    }
  }
}
