import { type ClientRequest, request as http1Request } from 'node:http'
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { request as https1Request } from 'node:https'
import type { Readable, Writable } from 'node:stream'
import { until } from './until.js'

export interface PeerRequest {
  method?: string
  /** Path and query. */
  target?: string
  headers?: { [name: string]: string }
}

/** One request as a client sees it. */
export class PeerExchange {
  status = 0
  headers: { [name: string]: unknown } = {}
  /** Interim answers. */
  informed: number[] = []
  readonly chunks: Buffer[] = []
  isEnded = false
  /** The connection or stream has ended before the answer was complete. */
  isCut = false

  constructor(
    private readonly out: Writable,
    readonly reset: () => void,
  ) {
    out.on('error', () => {
      this.isCut = !this.isEnded
    })
  }

  reading(body: Readable): void {
    body.on('data', (chunk: Buffer) => this.chunks.push(chunk))
    body.on('end', () => {
      this.isEnded = !this.isCut
    })
    body.on('error', () => {
      this.isCut = true
    })
  }

  get body(): Buffer {
    return Buffer.concat(this.chunks)
  }

  write(bytes: Uint8Array | string): boolean {
    return this.out.write(bytes)
  }

  end(bytes: Uint8Array | string = ''): void {
    this.out.end(bytes)
  }

  /** Resolves when the answer is complete. */
  async done(): Promise<this> {
    await until('an answer', () => this.isEnded || this.isCut)
    if (this.isCut) throw new Error('the request was cut')
    return this
  }

  untilCut(): Promise<void> {
    return until('a cut', () => this.isCut)
  }
}

/** A client of one protocol, as tests of the API's carriers use it. */
export interface HttpPeer {
  /** Sends the head, and the body as the caller writes it. */
  request(parts?: PeerRequest): PeerExchange
  close(): void
}

/** @param ca PEM; without it the port is taken to speak cleartext */
export function http1Peer(port: number, ca?: string): HttpPeer {
  const requests = new Set<ClientRequest>()
  return {
    request({ method = 'GET', target = '/', headers = {} } = {}) {
      const options = { host: '127.0.0.1', port, method, path: target, headers, ca, agent: false as const }
      const request = ca === undefined ? http1Request(options) : https1Request(options)
      requests.add(request)
      const exchange = new PeerExchange(request, () => request.destroy())
      request.on('information', ({ statusCode }) => exchange.informed.push(statusCode))
      request.on('response', (response) => {
        exchange.status = response.statusCode ?? 0
        exchange.headers = response.headers
        exchange.reading(response)
      })
      request.flushHeaders()
      return exchange
    },
    close() {
      for (const request of requests) request.destroy()
    },
  }
}

export function http2Peer(port: number, ca?: string): HttpPeer & { readonly session: ClientHttp2Session } {
  const session = ca === undefined ? connect(`http://127.0.0.1:${port}`) : connect(`https://127.0.0.1:${port}`, { ca })
  session.on('error', () => {})
  return {
    session,
    request({ method = 'GET', target = '/', headers = {} } = {}) {
      const stream: ClientHttp2Stream = session.request(
        { ':method': method, ':path': target, ...headers },
        { endStream: false },
      )
      const exchange = new PeerExchange(stream, () => stream.destroy(new Error('reset')))
      stream.on('headers', (head) => exchange.informed.push(Number(head[':status'])))
      stream.on('response', (head) => {
        exchange.status = Number(head[':status'])
        exchange.headers = head
      })
      stream.on('aborted', () => {
        exchange.isCut = true
      })
      exchange.reading(stream)
      stream.on('close', () => {
        if (!exchange.isEnded || stream.rstCode !== 0) exchange.isCut = true
      })
      return exchange
    },
    close() {
      session.destroy()
    },
  }
}
