import type { Socket } from 'node:net'
import { Server, type TLSSocket } from 'node:tls'
import { HELLO_BYTES_MAX, judgeHello } from './client-hello.js'
import { type FailureReason, reasonOf } from './failure.js'
import type { Tls } from './tls.js'

const ENGINE = 'node'
/** Handshakes are begun for so long in one turn of the loop, at least one. A signature by RSA-2048 takes about this. */
const TURN_BUDGET_MS = 1
/** A client speaks first and has this share of the time for it: silence must not cost what a handshake may. */
const HELLO_SHARE = 1 / 2
export interface GateLimits {
  /** Sockets held before their handshake begins; for one more the oldest that has said nothing goes, else the newest. */
  waitingMax: number
  /** What those who wait may have sent, all together. */
  waitingBytesMax: number
  /** A handshake that takes longer loses its place when others wait for one. */
  slowMs: number
}

/** As many as there may be connections, each with the hello of a browser; a round trip around the world, and a lost packet. */
export const GATE_LIMITS: GateLimits = { waitingMax: 16_384, waitingBytesMax: 32 * 1_048_576, slowMs: 2_000 }
const SWEEP_INTERVAL_MS = 100

const EMPTY = Buffer.alloc(0)
const PLAIN_HTTP =
  'HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: 46\r\n\r\n' +
  'This port speaks TLS: use https:// or wss://.\n'

interface Entry {
  readonly socket: Socket
  readonly since: number
  /** 'silent' until its hello is there, 'queued' until its turn, then 'started'; 'gone' when it is a TLS socket, or nothing. */
  state: 'silent' | 'queued' | 'started' | 'gone'
  peer: string
  /** What the peer has said so far. */
  hello: Buffer
  startedAt: number
  readonly onReadable: () => void
}

/**
 * Makes TLS sockets out of accepted ones, so many at a time. A handshake costs the loop's thread up to some milliseconds, and it does so
 * when the client's hello is handed to OpenSSL: that is why hellos are read here first, and handed over a few per turn.
 *
 * Silence holds no place: only a whole hello does.
 */
export class HandshakeGate {
  private readonly server: Server
  private readonly silent = new Set<Entry>()
  private readonly queued = new Set<Entry>()
  /** By address of the peer, which is all that a TLS socket and its TCP socket both tell. */
  private readonly started = new Map<string, Entry>()
  private waitingBytes = 0
  private isPumping = false
  private sweeping: NodeJS.Timeout | null = null

  /** @param onSecure gets each socket when its handshake is complete, and the one that it was made of; nothing has been read from it */
  constructor(
    private readonly tls: Tls,
    alpn: readonly string[],
    private readonly onSecure: (socket: TLSSocket, accepted: Socket) => void,
    private readonly limits: GateLimits = GATE_LIMITS,
  ) {
    // It never listens: this is the documented way to hand connections in.
    this.server = new Server({
      ...tls.serverOptions(),
      ALPNProtocols: [...alpn],
      handshakeTimeout: 2 * tls.options.handshakeTimeoutMs,
    })
    this.server.on('secureConnection', (socket) => this.noteSecure(socket))
    this.server.on('tlsClientError', (error, socket) => this.noteError(error, socket))
    tls.onChange(() => this.server.setSecureContext(tls.serverOptions()))
    tls.onTicketKey((key) => this.server.setTicketKeys(key))
  }

  /** Of sockets that were accepted and are not secure yet. */
  get size(): number {
    return this.silent.size + this.queued.size + this.started.size
  }

  accept(socket: Socket): void {
    const entry: Entry = {
      socket,
      since: performance.now(),
      state: 'silent',
      hello: EMPTY,
      peer: '',
      startedAt: 0,
      onReadable: () => this.listen(entry),
    }
    this.silent.add(entry)
    this.tls.meters.waiting++
    // 'close' comes after it.
    socket.on('error', () => {})
    socket.once('close', () => this.end(entry, 'client_abort'))
    socket.once('end', () => {
      if (entry.state === 'silent' || entry.state === 'queued') this.cut(entry, 'client_abort')
    })
    socket.on('readable', entry.onReadable)
    if (this.silent.size + this.queued.size > this.limits.waitingMax) this.cut(first(this.silent) ?? entry, 'overload')
    this.sweeping ??= setInterval(() => this.sweep(), SWEEP_INTERVAL_MS).unref()
  }

  /** Cuts all that are not secure yet. */
  close(): void {
    for (const entry of [...this.silent, ...this.queued, ...this.started.values()]) this.cut(entry, 'other')
  }

  private listen(entry: Entry): void {
    const chunk = entry.socket.read() as Buffer | null
    if (chunk === null) return
    this.waitingBytes += chunk.length
    entry.hello = entry.hello.length === 0 ? chunk : Buffer.concat([entry.hello, chunk])
    const judgement = judgeHello(entry.hello)
    if (judgement === 'http') {
      this.end(entry, 'not_tls')
      entry.socket.write(PLAIN_HTTP)
      entry.socket.destroySoon()
    } else if (judgement === 'not_tls' || entry.hello.length > HELLO_BYTES_MAX) this.cut(entry, 'not_tls')
    else if (this.waitingBytes > this.limits.waitingBytesMax) this.cut(entry, 'overload')
    else if (judgement === 'complete' && entry.state === 'silent') {
      this.silent.delete(entry)
      entry.state = 'queued'
      this.queued.add(entry)
      this.pump()
    }
  }

  private get hasWork(): boolean {
    return this.queued.size > 0 && this.started.size < this.tls.options.handshakesMax
  }

  private pump(): void {
    if (this.isPumping || !this.hasWork) return
    this.isPumping = true
    setImmediate(this.turn)
  }

  /** What one turn of the loop may cost. OpenSSL gets a hello in the tick after its start, so its price is known in the one after that. */
  private readonly turn = (): void => {
    const end = performance.now() + TURN_BUDGET_MS
    const step = (): void => {
      if (!this.hasWork) {
        this.isPumping = false
      } else if (performance.now() < end) {
        this.start(first(this.queued) as Entry)
        process.nextTick(step)
      } else setImmediate(this.turn)
    }
    this.start(first(this.queued) as Entry)
    process.nextTick(step)
  }

  private start(entry: Entry): void {
    const { socket } = entry
    const peer = peerOf(socket)
    if (peer === '') {
      this.cut(entry, 'client_abort')
      return
    }
    this.leaveQueue(entry)
    entry.state = 'started'
    entry.startedAt = performance.now()
    entry.peer = peer
    this.started.set(peer, entry)
    this.tls.meters.underWay++
    socket.off('readable', entry.onReadable)
    socket.unshift(entry.hello)
    entry.hello = EMPTY
    this.server.emit('connection', socket)
  }

  private noteSecure(socket: TLSSocket): void {
    const peer = peerOf(socket)
    const entry = this.started.get(peer)
    // The peer reset the connection in this very moment: without an address nobody knows whose it was.
    if (entry === undefined) return void socket.destroy()
    this.started.delete(peer)
    entry.state = 'gone'
    this.tls.meters.underWay--
    if (this.tls.asksClients && !isGood(socket)) {
      this.tls.meters.noteFailed('client_certificate')
      socket.destroy()
      this.pump()
      return
    }
    const version = socket.getProtocol()?.replace('TLSv', '') ?? 'unknown'
    this.tls.meters.noteHandshake(ENGINE, version, socket.isSessionReused() ? 'resumed' : 'full')
    this.pump()
    this.onSecure(socket, entry.socket)
  }

  private noteError(error: Error, socket: TLSSocket): void {
    const entry = this.started.get(peerOf(socket))
    if (entry !== undefined) this.end(entry, reasonOf(error))
    socket.destroy()
  }

  /** It is no longer ours, and did not become a TLS socket. */
  private end(entry: Entry, reason: FailureReason): void {
    if (entry.state === 'gone') return
    // Who only looks whether somebody listens here has not failed.
    if (entry.hello.length > 0 || entry.state !== 'silent' || reason !== 'client_abort')
      this.tls.meters.noteFailed(reason)
    if (entry.state === 'started') {
      this.started.delete(entry.peer)
      this.tls.meters.underWay--
    } else this.leaveQueue(entry)
    entry.state = 'gone'
    entry.socket.off('readable', entry.onReadable)
    this.pump()
  }

  private leaveQueue(entry: Entry): void {
    ;(entry.state === 'silent' ? this.silent : this.queued).delete(entry)
    this.waitingBytes -= entry.hello.length
    this.tls.meters.waiting--
  }

  private cut(entry: Entry, reason: FailureReason): void {
    this.end(entry, reason)
    entry.socket.destroy()
  }

  private sweep(): void {
    const { handshakeTimeoutMs } = this.tls.options
    const now = performance.now()
    this.cutBefore(this.silent, now - handshakeTimeoutMs * HELLO_SHARE)
    this.cutBefore(this.queued, now - handshakeTimeoutMs)
    for (const entry of this.started.values()) {
      if (now - entry.since >= handshakeTimeoutMs) this.cut(entry, 'timeout')
      else if (this.queued.size > 0 && now - entry.startedAt >= this.limits.slowMs) this.cut(entry, 'overload')
    }
    if (this.size > 0 || this.sweeping === null) return
    clearInterval(this.sweeping)
    this.sweeping = null
  }

  private cutBefore(entries: ReadonlySet<Entry>, since: number): void {
    for (const entry of entries) if (entry.since <= since) this.cut(entry, 'timeout')
  }
}

/** Whether the client has shown no certificate, or one that has been verified: also when it resumes a session that it began with one. */
function isGood(socket: TLSSocket): boolean {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return true
  return socket.authorized && (!socket.isSessionReused() || Date.parse(certificate.validTo) > Date.now())
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  return set.values().next().value
}

/** Empty when the connection is no more. */
function peerOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return remotePort === undefined ? '' : `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}
