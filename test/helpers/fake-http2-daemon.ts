import { createSecureServer, createServer, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Code } from '../../src/protocol/codes.js'
import { encodeControl } from '../../src/protocol/control.js'
import { MEDIA_FRAMES } from '../../src/protocol/media.js'
import { Op } from '../../src/protocol/ops.js'
import { frameEnd } from '../../src/protocol/scan.js'
import type { FakeDaemon, Listening } from './fake-daemon.js'

export interface FakeHttp2Options {
  port?: number
  /** Without: cleartext, with prior knowledge. */
  tls?: { cert: string; key: string; ca?: string; requestCert?: boolean }
  /** Path that is served. */
  path?: string
  /** Cuts what is sent into pieces; each is a DATA frame. */
  cut?: (bytes: Uint8Array) => Uint8Array[]
  /** Is told of each connection and request. */
  onSession?: (session: ServerHttp2Session) => void
  onRequest?: (headers: { [name: string]: unknown }) => void
}

/** Serves the fake daemon as POST /v1/events does, over HTTP/2 on a loopback port. */
export function listenHttp2(daemon: FakeDaemon, options: FakeHttp2Options = {}): Promise<Listening> {
  const { port = 0, tls, path = '/v1/events', cut = (bytes) => [bytes] } = options
  const server: Http2Server = tls === undefined ? createServer() : (createSecureServer(tls) as unknown as Http2Server)
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    options.onSession?.(session)
    session.on('close', () => sessions.delete(session))
    session.on('error', () => {})
  })
  server.on('sessionError', () => {})
  server.on('stream', (stream, headers) => {
    options.onRequest?.(headers)
    stream.on('error', () => {})
    const isOurs =
      headers[':method'] === 'POST' &&
      headers[':path'] === path &&
      headers['content-type'] === MEDIA_FRAMES &&
      headers.accept === MEDIA_FRAMES
    if (!isOurs) {
      const body = JSON.stringify({ status: 404, code: Code.NOT_FOUND, detail: `nothing at ${headers[':path']}` })
      stream.respond({ ':status': 404, 'content-type': 'application/problem+json' })
      stream.end(body)
      return
    }
    stream.respond({ ':status': 200, 'content-type': MEDIA_FRAMES })
    const session = daemon.accept({
      send: (bytes) => {
        for (const piece of cut(bytes)) stream.write(piece)
      },
      close: (code, message) => {
        if (code >= 4000) stream.write(encodeControl({ op: Op.ERROR, request: 0, code, message, details: {} }))
        stream.end()
      },
      kill: () => stream.destroy(new Error('killed')),
      bufferedBytes: () => stream.writableLength,
    })
    let held = Buffer.alloc(0)
    stream.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk])
      let whole = 0
      for (let next = 0; next >= 0; next = frameEnd(held, whole, held.length)) whole = Math.max(whole, next)
      session.receive(new Uint8Array(held.subarray(0, whole)))
      held = held.subarray(whole)
    })
    // As the daemon: who has subscribed may still want to hear.
    stream.on('end', () => {
      if (session.patterns.size === 0) stream.end()
    })
    stream.on('close', () => session.closed())
  })
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(port, '127.0.0.1', () => {
      resolve({
        url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
        close: () => {
          for (const session of sessions) session.destroy()
          return new Promise((done) => server.close(() => done()))
        },
      })
    })
  })
}
