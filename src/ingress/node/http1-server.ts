import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Refused } from '../admission.js'
import { Http1Connection, type Http1Host } from './http1-connection.js'

/** node:http looks for heads that are late this often. */
const LATE_HEADS_INTERVAL_MS = 250
/** A peer that has vanished is looked for after so long; ten probes a second apart decide (libuv). */
const KEEP_ALIVE_DELAY_MS = 20_000

/** What node:http says was wrong with a head, in its codes; anything else is a head that cannot be read. */
const HEAD_TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT'
const HEAD_OVERFLOW = 'HPE_HEADER_OVERFLOW'

export interface WebSocketOverHttp1 {
  /** @param refused the code that it is to be told, since the connection is refused; 0: it is not */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, refused: Refused | 0): void
}

/** Where a socket keeps its connection. */
const kConnection = Symbol('connection')

interface Http1Socket extends Socket {
  [kConnection]?: Http1Connection
}

/**
 * HTTP/1.1 by node:http. Its server is also what listens, since it keeps time only while it does; what it accepts is handed to `accepted`, which gives
 * back by serve what turns out to be HTTP/1.1.
 */
export class Http1Server {
  readonly server: Server
  private readonly serveSocket: (this: Server, socket: Socket) => void

  constructor(
    private readonly host: Http1Host,
    private readonly webSockets: WebSocketOverHttp1,
    accepted: (socket: Socket) => void,
  ) {
    const { headerBytesMax, headerTimeoutMs, httpIdleTimeoutMs } = host.options
    this.server = createServer({
      maxHeaderSize: headerBytesMax,
      headersTimeout: headerTimeoutMs,
      connectionsCheckingInterval: LATE_HEADS_INTERVAL_MS,
      keepAliveTimeout: httpIdleTimeoutMs,
      // Bodies are timed by the API, which knows which of them may go on for ever.
      requestTimeout: 0,
      insecureHTTPParser: false,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
    })
    const [serve] = this.server.listeners('connection') as [(socket: Socket) => void]
    this.serveSocket = serve
    this.server.off('connection', serve)
    this.server.on('connection', accepted)
    this.server.on('request', (request, response) => this.request(request, response))
    this.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket as Socket, head))
    this.server.on('connect', (_request, socket) => refuse(socket, 501))
    this.server.on('clientError', (error, socket) => this.badHead(error, socket as Socket))
  }

  /**
   * Takes a socket over. What has been read of it must have been put back.
   * @param refused the code that its first request is to be told, since the connection is refused; 0: it is not
   */
  serve(socket: Socket, refused: Refused | 0): void {
    ;(socket as Http1Socket)[kConnection] = new Http1Connection(socket, this.host, refused)
    this.parse(socket)
  }

  private parse(socket: Socket): void {
    this.serveSocket.call(this.server, socket)
    socket.resume()
  }

  optionsChanged(): void {
    const { headerTimeoutMs, httpIdleTimeoutMs } = this.host.options
    this.server.headersTimeout = headerTimeoutMs
    this.server.keepAliveTimeout = httpIdleTimeoutMs
  }

  /** From now on each answer is the last on its connection. */
  stopListening(): void {
    this.host.isStopping = true
    if (this.server.listening) this.server.close()
  }

  closeIdle(): void {
    this.server.closeIdleConnections()
  }

  private request(request: IncomingMessage, response: ServerResponse): void {
    ;(request.socket as Http1Socket)[kConnection]?.request(request, response)
  }

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const connection = (socket as Http1Socket)[kConnection]
    if (isWebSocket(request)) {
      connection?.upgraded()
      this.webSockets.upgrade(request, socket, head, connection?.refused ?? 0)
      return
    }
    // Nobody has to take an offer to upgrade (RFC 9110, 7.8), such as curl's to h2c: the request is taken in again, without it.
    socket.unshift(Buffer.concat([Buffer.from(headWithoutUpgrade(request), 'latin1'), head]))
    this.parse(socket)
  }

  private badHead(error: NodeJS.ErrnoException, socket: Socket): void {
    const code = error.code ?? ''
    if (code === HEAD_TIMEOUT) this.host.meters.noteHostile('head_timeout')
    if (code === 'ECONNRESET' || !socket.writable || (socket as Http1Socket)[kConnection]?.isAnswering) {
      socket.destroy()
      return
    }
    if (code === HEAD_TIMEOUT) refuse(socket, 408)
    else refuse(socket, code === HEAD_OVERFLOW ? 431 : 400)
  }
}

function isWebSocket(request: IncomingMessage): boolean {
  return /(^|[\s,])websocket($|[\s,])/i.test(request.headers.upgrade ?? '')
}

function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i].toLowerCase() !== 'upgrade') lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Answers what never became a request, and closes. */
export function refuse(socket: Duplex, status: number, header = ''): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${header}connection: close\r\ncontent-length: 0\r\n\r\n`,
    () => socket.destroy(),
  )
}
