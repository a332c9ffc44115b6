import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import type { Readable } from 'node:stream'
import { EventSourceReader } from './event-source.js'
import { until } from './until.js'

export type Carrier = 'HTTP/1.1' | 'HTTP/2'

/** A reader of server-sent events over a socket of its own. */
export class StreamClient {
  readonly source = new EventSourceReader()
  status = 0
  headers: Record<string, unknown> = {}
  bytes = 0
  /** The daemon has ended the stream. */
  ended = false
  /** The connection is no more, for whatever reason. */
  closed = false
  private constructor(
    private readonly body: Readable,
    private readonly destroy: () => void,
  ) {
    body.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length
      this.source.feed(chunk)
    })
    body.on('end', () => {
      this.ended = true
    })
    body.on('close', () => {
      this.closed = true
    })
    body.on('error', () => {})
  }

  /** @param url of the daemon, `http:` or `ws:` */
  static open(carrier: Carrier, url: string, query: string, lastEventId = ''): Promise<StreamClient> {
    const origin = url.replace(/^ws/, 'http')
    const headers: Record<string, string> = { accept: 'text/event-stream' }
    if (lastEventId !== '') headers['last-event-id'] = lastEventId
    return carrier === 'HTTP/2' ? openHttp2(origin, query, headers) : openHttp1(origin, query, headers)
  }

  static made(body: Readable, destroy: () => void, status: number, headers: Record<string, unknown>): StreamClient {
    const client = new StreamClient(body, destroy)
    client.status = status
    client.headers = headers
    return client
  }

  /** Payloads of the events that have come since the last call. */
  payloads(): unknown[] {
    return this.source.take().map(([, , , payload]) => payload)
  }

  async untilEvents(count: number): Promise<void> {
    await until(`${count} events`, () => this.source.events.filter(({ type }) => type === 'message').length >= count)
  }

  freeze(): void {
    this.body.pause()
  }

  thaw(): void {
    this.body.resume()
  }

  /** As when a cable is pulled and the other side is told. */
  cut(): void {
    this.destroy()
  }
}

function openHttp1(origin: string, query: string, headers: Record<string, string>): Promise<StreamClient> {
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request(`${origin}/v1/events?${query}`, { headers, agent: false })
    sent.once('error', reject)
    sent.once('response', (response: IncomingMessage) => {
      sent.on('error', () => {})
      resolve(StreamClient.made(response, () => sent.destroy(), response.statusCode as number, response.headers))
    })
    sent.end()
  })
}

function openHttp2(origin: string, query: string, headers: Record<string, string>): Promise<StreamClient> {
  return new Promise((resolve, reject) => {
    const session: ClientHttp2Session = connect(origin)
    session.once('error', reject)
    const stream: ClientHttp2Stream = session.request({ ':path': `/v1/events?${query}`, ...headers })
    stream.once('error', reject)
    stream.once('response', (answer) => {
      session.on('error', () => {})
      const client = StreamClient.made(stream, () => session.destroy(), Number(answer[':status']), answer)
      stream.once('close', () => session.close())
      resolve(client)
    })
  })
}
