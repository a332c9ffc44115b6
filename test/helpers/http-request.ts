import { request } from 'node:http'
import { type ClientHttp2Session, connect } from 'node:http2'

export interface HttpAnswer {
  status: number
  headers: Record<string, unknown>
  body: string
}

type Pieces = readonly (string | Uint8Array)[]

/** Sends requests with bodies in pieces, over one connection of its own where the carrier has such. */
export interface HttpSender {
  post(path: string, headers: Record<string, string>, pieces: Pieces): Promise<HttpAnswer>
  close(): void
}

export class Http1Sender implements HttpSender {
  /** @param url of the daemon, `http:` or `ws:` */
  constructor(private readonly url: string) {}

  post(path: string, headers: Record<string, string>, pieces: Pieces): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const url = this.url.replace(/^ws/, 'http') + path
      const outgoing = request(url, { method: 'POST', headers, agent: false }, (incoming) => {
        const parts: Buffer[] = []
        incoming.on('data', (part: Buffer) => parts.push(part))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const body = Buffer.concat(parts).toString()
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body })
        })
      })
      outgoing.on('error', reject)
      for (const piece of pieces) outgoing.write(piece)
      outgoing.end()
    })
  }

  close(): void {}
}

export class Http2Sender implements HttpSender {
  private readonly session: ClientHttp2Session

  constructor(url: string) {
    this.session = connect(url)
    this.session.on('error', () => {})
  }

  post(path: string, headers: Record<string, string>, pieces: Pieces): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const stream = this.session.request({ ':method': 'POST', ':path': path, ...headers })
      const parts: Buffer[] = []
      let head: Record<string, unknown> = {}
      stream.on('response', (answered) => {
        head = { ...answered }
      })
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('error', reject)
      stream.on('end', () => {
        resolve({ status: Number(head[':status']), headers: head, body: Buffer.concat(parts).toString() })
      })
      for (const piece of pieces) stream.write(piece)
      stream.end()
    })
  }

  close(): void {
    this.session.destroy()
  }
}
