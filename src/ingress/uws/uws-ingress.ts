import type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket } from 'uWebSockets.js'
import type { Router } from '../../core/router.js'
import { Code } from '../../protocol/codes.js'
import type { Refused } from '../admission.js'
import { Problem } from '../http/problem.js'
import type { HttpHandler, Ingress, IngressMeters, IngressOptions } from '../ingress.js'
import { whyNotBound } from '../listen-failure.js'
import { boundSocketBuffers } from '../socket-buffers.js'
import type { TlsMeters, TlsOptions } from '../tls/options.js'
import { AppChain } from './app-chain.js'
import { Arrivals } from './arrivals.js'
import { UwsRequestHead } from './request-head.js'
import { makeSecureApp } from './secure-app.js'
import { type ExchangePort, PIECE_BYTES_MAX, remoteAddressOf, statusLine, UwsExchange } from './uws-exchange.js'
import { UwsWebSockets, type WebSocketPort } from './uws-websockets.js'

type Uws = typeof import('uWebSockets.js')

/** The form of listen that the types of the package leave out: without it, a second daemon would share the port unnoticed. */
interface ExclusiveListen {
  listen(host: string, port: number, options: number, done: (socket: us_listen_socket | false) => void): void
}

/** LIBUS_LISTEN_EXCLUSIVE_PORT. */
const EXCLUSIVE_PORT = 1
/** Two pieces fit into the third of a kernel's buffer that is free when it says so. */
const PIECES_PER_SEND_BUFFER = 4
/** A pair of files is often replaced in two steps: one that is not taken is tried again so often, after so long. */
const SWAP_TRIES = 5
const SWAP_RETRY_MS = 1000

/** The certificate that this port shows. */
export interface CertificateSource {
  readonly options: TlsOptions
  readonly meters: TlsMeters
  /** Runs when the files hold another one. */
  onChange(listener: () => void): void
}

/** The largest head of a request: as the ports of Node's streams have it, unless told otherwise. */
const REQUEST_HEAD_BYTES_MAX = 8 * 1024

/**
 * The native module, or a sentence that says why there is none here.
 * @param headBytesMax of the process: the module, which would take 4 KiB, reads it from the environment once, when it is loaded first
 */
export async function loadUws(headBytesMax: number = REQUEST_HEAD_BYTES_MAX): Promise<Uws | string> {
  process.env.UWS_HTTP_MAX_HEADERS_SIZE ??= String(headBytesMax)
  try {
    return (await import('uWebSockets.js')) as Uws
  } catch (error) {
    return `uWebSockets.js has no binary for Node ${process.versions.node} on ${process.platform} ${process.arch}: ${(error as Error).message.split('\n')[0]}`
  }
}

/** WebSocket and HTTP/1.1 on uWebSockets.js: cheap connections and large batches. */
export class UwsIngress implements Ingress, ExchangePort, WebSocketPort {
  readonly engine = 'uWebSockets.js'
  connections = 0
  isStopping = false
  readonly head = new UwsRequestHead()
  readonly pieceBytes: number
  readonly listener: string
  readonly arrivals: Arrivals
  private readonly webSockets: UwsWebSockets
  private readonly apps: AppChain
  private listenSocket: us_listen_socket | null = null
  private retry: NodeJS.Timeout | null = null
  private isClosed = false

  /**
   * @param tls null for a port without TLS
   * @throws Error with a sentence for the operator, when uWebSockets.js does not take the certificate
   */
  constructor(
    private readonly uws: Uws,
    router: Router,
    private readonly api: HttpHandler,
    private readonly options: IngressOptions,
    private readonly meters: IngressMeters,
    private readonly tls: CertificateSource | null = null,
  ) {
    this.listener = options.listener
    this.pieceBytes = Math.min(PIECE_BYTES_MAX, Math.floor(options.socketBuffers.send / PIECES_PER_SEND_BUFFER))
    this.arrivals = new Arrivals(options, meters)
    this.webSockets = new UwsWebSockets(this, router, options, meters)
    this.apps = new AppChain(this.makeApp())
    tls?.onChange(() => this.showNewCertificate(tls, SWAP_TRIES))
  }

  private makeApp(): TemplatedApp {
    const { uws, tls } = this
    const app = tls === null ? uws.App() : makeSecureApp(uws, tls.options)
    app.filter((connection, change) => this.counted(connection, change))
    app.ws('/*', this.webSockets.behavior)
    app.any('/*', (response, request) => this.request(response, request))
    return app
  }

  /** A connection has come or gone, but for those that have become WebSockets: these say so themselves. */
  private counted(connection: HttpResponse, change: number): void {
    this.connections += change
    if (change < 0) {
      this.options.admission.left()
      return
    }
    // The engine does not say which handshakes come to an end, and how.
    this.tls?.meters.noteHandshake(this.engine, 'unknown', 'unknown')
    if (!this.mayStay(connection)) connection.close()
  }

  /** Whether a new connection is let in, or is at least to be told why not, with its first request. */
  private mayStay(connection: HttpResponse): boolean {
    const { admission, proxies } = this.options
    const refused = admission.arrived()
    // Whom it would have to tell, uWebSockets.js does not say.
    if (refused !== 0 && (refused !== Code.TOO_MANY_CONNECTIONS || !admission.mayTell())) return false
    const address = remoteAddressOf(connection)
    const isCounted = admission.limits.connectionsPerAddress > 0 && !proxies.trusts(address)
    const hasRoom = refused !== 0 || !isCounted || this.arrivals.hasRoomFor(address)
    this.arrivals.came(connection, address, isCounted)
    if (hasRoom || admission.mayTell()) return true
    admission.refused(Code.TOO_MANY_OF_ADDRESS)
    return false
  }

  webSocketClosed(): void {
    this.connections--
    this.options.admission.left()
  }

  clientOf(address: string): string {
    const { proxies } = this.options
    return proxies.isEmpty ? address : proxies.clientOf(address, this.head.header('x-forwarded-for'))
  }

  private request(response: HttpResponse, request: HttpRequest): void {
    const { head } = this
    if (!this.arrivals.isIdle) this.arrivals.spoke(remoteAddressOf(response))
    head.read(request)
    const { admission } = this.options
    if (admission.isFull) refuseWith(response, Code.TOO_MANY_CONNECTIONS)
    else if (head.framingRefusal !== 0) {
      this.meters.noteHostile('framing')
      refuse(response, head.framingRefusal, {}, 'the length of this body cannot be told for certain\n')
    } else if (admission.limits.connectionsPerAddress === 0) this.serve(new UwsExchange(response, this))
    else this.serveCounted(response)
  }

  /**
   * A connection counts for its address while its request is under way, and ends with the answer: of one that is idle uWebSockets.js does not tell when it
   * has gone.
   */
  private serveCounted(response: HttpResponse): void {
    const { admission } = this.options
    const network = admission.enter(this.clientOf(remoteAddressOf(response)))
    if (network === null) refuseWith(response, Code.TOO_MANY_OF_ADDRESS)
    else this.serve(new UwsExchange(response, this, () => admission.leave(network)))
  }

  private serve(exchange: UwsExchange): void {
    try {
      this.api.handle(exchange)
      exchange.handled()
    } catch (error) {
      // A bug of ours ends the process, but not before it was told: uWebSockets.js would end it here without a word of what was thrown.
      exchange.abort()
      setImmediate(() => {
        throw error
      })
    }
  }

  /**
   * Connections that are there keep the app that they came to, and its certificate. Sessions of TLS that began with the one before are not resumed: uWebSockets.js
   * keeps the keys of tickets with the app, and has no way to pass them on.
   */
  private showNewCertificate(tls: CertificateSource, tries: number): void {
    if (this.retry !== null) clearTimeout(this.retry)
    this.retry = null
    if (this.isClosed) return
    try {
      this.apps.add(this.makeApp())
    } catch (error) {
      if (tries > 1) this.retry = setTimeout(() => this.showNewCertificate(tls, tries - 1), SWAP_RETRY_MS).unref()
      else tls.options.warn(`${(error as Error).message}; the certificate before it stays in use on this port`)
    }
  }

  async listen(host: string, port: number): Promise<number> {
    const bound = await this.bind(host, port)
    await boundSocketBuffers(bound, this.options)
    return bound
  }

  private async bind(host: string, port: number): Promise<number> {
    const app = this.apps.first as unknown as ExclusiveListen
    const socket = await new Promise<us_listen_socket | false>((resolve) => {
      app.listen(host, port, EXCLUSIVE_PORT, resolve)
    })
    if (!socket) throw new Error(`cannot listen on ${host} port ${port}: ${await whyNotBound(host, port)}`)
    this.listenSocket = socket
    return this.uws.us_socket_local_port(socket as unknown as Parameters<Uws['us_socket_local_port']>[0])
  }

  /** All that can change is looked up each time. */
  optionsChanged(): void {}

  stopListening(): void {
    this.isStopping = true
    if (this.listenSocket === null) return
    this.uws.us_listen_socket_close(this.listenSocket)
    this.listenSocket = null
  }

  async close(): Promise<void> {
    this.isClosed = true
    if (this.retry !== null) clearTimeout(this.retry)
    this.listenSocket = null
    this.arrivals.close()
    this.apps.close()
  }
}

function refuseWith(response: HttpResponse, code: Refused): void {
  const { status, headers, body } = new Problem(code)
  refuse(response, status, headers, body)
}

/**
 * Answers without the API, and closes the connection. Not before uWebSockets.js has seen whether more has come with the request: it ends a connection on
 * which a request comes before an answer, while after one it would serve it.
 */
function refuse(response: HttpResponse, status: number, headers: Readonly<Record<string, string>>, body: string): void {
  let isGone = false
  response.onAborted(() => {
    isGone = true
  })
  setImmediate(() => {
    if (isGone) return
    response.cork(() => {
      response.writeStatus(statusLine(status))
      for (const name in headers) response.writeHeader(name, headers[name])
      response.end(body, true)
    })
  })
}
