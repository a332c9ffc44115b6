import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Router } from '../../core/router.js'
import { Code } from '../../protocol/codes.js'
import type { Refused } from '../admission.js'
import type { HttpHandler, Ingress, IngressMeters } from '../ingress.js'
import { listenFailure } from '../listen-failure.js'
import { Rounds, type Watched } from '../rounds.js'
import { boundSocketBuffers } from '../socket-buffers.js'
import { HandshakeGate } from '../tls/handshake-gate.js'
import type { Tls } from '../tls/tls.js'
import { Http1Server } from './http1-server.js'
import { Http2Sockets } from './http2-server.js'
import type { NodeIngressOptions } from './options.js'
import { originOf, passOrigin, setOrigin } from './origin.js'
import { takeProxyHeader } from './proxied.js'
import { sniff } from './sniff.js'
import { WebSocketStreams } from './ws/websocket-streams.js'

export type { NodeIngressOptions }

/** In the order we prefer them (RFC 7301). */
const ALPN = ['h2', 'http/1.1']
/** Connections that may wait to be accepted: most of a crowd that comes back at once. Who finds no room is heard again seconds later (RFC 6298). */
const BACKLOG = 4096
/** What is being answered when the daemon stops may take so long. */
const CLOSE_PATIENCE_MS = 1000

/** HTTP/1.1, HTTP/2 and WebSocket over both, on one port of Node's streams. */
export class NodeIngress implements Ingress {
  readonly engine = 'Node streams'
  private readonly sockets = new Set<Socket>()
  private readonly rounds = new Rounds()
  private readonly webSockets: WebSocketStreams
  private readonly http1: Http1Server
  private readonly http2: Http2Sockets
  /** Null on a port without TLS. */
  private readonly gate: HandshakeGate | null
  private tellClosed: (() => void) | null = null

  constructor(
    router: Router,
    api: HttpHandler,
    private readonly options: NodeIngressOptions,
    private readonly meters: IngressMeters,
    tls: Tls | null = null,
  ) {
    this.gate = tls === null ? null : new HandshakeGate(tls, ALPN, (socket, accepted) => this.secured(socket, accepted))
    this.webSockets = new WebSocketStreams(router, options, meters)
    const host = { api, options, meters, rounds: this.rounds, webSockets: this.webSockets, isStopping: false }
    this.http1 = new Http1Server(host, this.webSockets, (socket) => this.accepted(socket))
    this.http2 = new Http2Sockets(host)
  }

  get connections(): number {
    return this.sockets.size
  }

  private accepted(socket: Socket): void {
    const { admission, proxies, proxyProtocol } = this.options
    socket.on('error', () => {})
    this.sockets.add(socket)
    socket.once('close', () => {
      admission.left()
      this.sockets.delete(socket)
      if (this.sockets.size === 0) this.tellClosed?.()
    })
    const refused = admission.arrived()
    const { address } = originOf(socket)
    if (!proxies.trusts(address)) this.admit(socket, address, refused)
    else if (proxyProtocol && refused === 0) this.hearProxy(socket)
    // Its clients count, each for itself.
    else this.begin(socket, refused)
  }

  /** Waits for what a proxy has to say. */
  private hearProxy(socket: Socket): void {
    const heard = this.limitSilence(socket)
    takeProxyHeader(socket, (header) => {
      heard()
      if (header === null) {
        this.meters.noteHostile('proxy_header')
        socket.destroy()
      } else if (header.client === null) this.begin(socket, 0)
      else {
        setOrigin(socket, header.client)
        this.admit(socket, header.client.address, 0)
      }
    })
  }

  /** Counts a connection for its client. */
  private admit(socket: Socket, address: string, refused: Refused | 0): void {
    const { admission } = this.options
    if (refused !== 0) {
      this.begin(socket, refused)
      return
    }
    const network = admission.enter(address)
    if (network !== null) socket.once('close', () => admission.leave(network))
    this.begin(socket, network === null ? Code.TOO_MANY_OF_ADDRESS : 0)
  }

  private begin(socket: Socket, refused: Refused | 0): void {
    // A handshake costs more than there is to say.
    if (refused !== 0 && (this.gate !== null || !this.options.admission.mayTell())) socket.destroy()
    else if (this.gate === null) this.hear(socket, refused)
    else this.gate.accept(socket)
  }

  private secured(socket: TLSSocket, accepted: Socket): void {
    socket.on('error', () => {})
    passOrigin(accepted, socket)
    if (socket.alpnProtocol === 'h2') this.serveHttp2(socket, 0)
    // HTTP/2 over TLS is agreed on by ALPN, or not spoken (RFC 9113, 3.2).
    else this.http1.serve(socket, 0)
  }

  /** Serves a socket when it has said what it speaks. */
  private hear(socket: Socket, refused: Refused | 0): void {
    const heard = this.limitSilence(socket)
    sniff(socket, (isHttp2) => {
      heard()
      if (isHttp2) this.serveHttp2(socket, refused)
      else this.http1.serve(socket, refused)
    })
  }

  /** @returns to be called when it has said what it was waited for */
  private limitSilence(socket: Socket): () => void {
    const silent = new Silence(socket, this.options, this.meters)
    const heard = (): void => this.rounds.remove(silent)
    this.rounds.add(silent)
    socket.once('close', heard)
    return heard
  }

  private serveHttp2(socket: Socket, refused: Refused | 0): void {
    // A peer that has sent its last has gone: there is nothing to be half open for.
    socket.allowHalfOpen = false
    if (refused !== 0) this.http2.refuse(socket)
    else this.http2.serve(socket)
  }

  async listen(host: string, port: number): Promise<number> {
    const bound = await this.bind(host, port)
    await boundSocketBuffers(bound, this.options)
    return bound
  }

  private bind(host: string, port: number): Promise<number> {
    const { server } = this.http1
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => {
        reject(new Error(`cannot listen on ${host} port ${port}: ${listenFailure(error)}`))
      }
      server.once('error', failed)
      server.listen({ host, port, exclusive: true, backlog: BACKLOG }, () => {
        server.off('error', failed)
        // Out of descriptors, most likely: that connection is lost, and the next may not be.
        server.on('error', () => this.meters.noteRejected('accept'))
        resolve((server.address() as AddressInfo).port)
      })
    })
  }

  optionsChanged(): void {
    this.http1.optionsChanged()
  }

  stopListening(): void {
    this.http1.stopListening()
    this.http2.close()
  }

  async close(): Promise<void> {
    this.http1.stopListening()
    this.gate?.close()
    this.http1.closeIdle()
    this.http2.close()
    this.webSockets.close()
    if (this.sockets.size === 0) return
    const patience = setTimeout(() => {
      this.http2.destroy()
      for (const socket of this.sockets) socket.destroy()
    }, CLOSE_PATIENCE_MS)
    await new Promise<void>((resolve) => {
      this.tellClosed = resolve
    })
    clearTimeout(patience)
  }
}

/** A socket that has not said yet what it speaks. */
class Silence implements Watched {
  private readonly since = performance.now()

  constructor(
    private readonly socket: Socket,
    private readonly options: { readonly headerTimeoutMs: number },
    private readonly meters: IngressMeters,
  ) {}

  visit(now: number): void {
    if (now - this.since < this.options.headerTimeoutMs) return
    this.meters.noteHostile('head_timeout')
    this.socket.destroy()
  }
}
