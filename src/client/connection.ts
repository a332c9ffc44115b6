import { Code, closesConnection, codeMessage, mayTryAgain } from '../protocol/codes.js'
import {
  type ControlFrame,
  type Credentials,
  decodeControl,
  encodeControl,
  type OkInfo,
  type WelcomeInfo,
} from '../protocol/control.js'
import { REQUEST_MAX } from '../protocol/limits.js'
import { Op, PROTOCOL_VERSION, SUBPROTOCOL_MSGPACK } from '../protocol/ops.js'
import { EventScanner, frameEnd } from '../protocol/scan.js'
import { ask, type CredentialSource } from './credentials.js'
import type { ClientSocket, Closed, Runtime, SocketEvents } from './runtime.js'

/** How long a peer may take to answer our close before the connection is cut. */
const CLOSE_TIMEOUT_MS = 2_000
/** While we do not read we cannot answer the daemon's pings, so it hears something of us so often: well within the least idle time it may have. */
const PAUSED_PONG_MS = 3_000
/** Normal closure (RFC 6455, 7.4.1). */
const CLOSE_NORMAL = 1000

/** Of AUTH, of which there is one at a time; those of the bus count from 1. */
const AUTH_REQUEST = REQUEST_MAX
/** After this part of their time credentials are renewed. */
const RENEW_AT = 0.8
const RENEW_MS_MIN = 1_000
/** Timers know no longer time. */
const TIMER_MS_MAX = 2 ** 31 - 1

export interface ConnectionSettings {
  /** Null: nobody asks who we are. */
  readonly credentials: CredentialSource | null
  readonly name: string | undefined
  readonly connectTimeoutMs: number
  readonly heartbeatMs: number
  readonly deadMs: number
}

export interface ConnectionHandlers {
  /** Once: the daemon has said who it is, and knows who we are. */
  welcomed(info: WelcomeInfo): void
  /** The scanner's positions hold until this returns. */
  event(message: Uint8Array, scanner: EventScanner): void
  control(frame: ControlFrame): void
  /** The daemon sent something that is no frame, or one that is not known here. */
  unreadable(code: number): void
  /** A whole message has been handed out. */
  taken(): void
  drained(): void
  /** Once, last. */
  closed(closed: Closed): void
}

/** One connection from opening to its end: handshake, heartbeat, frames out of messages. Knows nothing of the one before or after it. */
export class Connection implements SocketEvents {
  readonly url: string
  private readonly runtime: Runtime
  private readonly settings: ConnectionSettings
  private readonly handlers: ConnectionHandlers
  private readonly socket: ClientSocket
  private readonly scanner = new EventScanner()
  private state: 'opening' | 'open' | 'closing' | 'closed' = 'opening'
  private timer: unknown
  private isPaused = false
  private heardMs: number
  private pingedMs = 0
  private pings = 0
  private renewTimer: unknown
  /** What the daemon has said of itself, and whether it knows who we are. */
  private welcome: WelcomeInfo | null = null
  private isKnown: boolean
  /** What we closed it for; the peer's echo says less. */
  private ownReason: Closed | null = null

  /**
   * @param credentials what is shown first; null: nothing
   * @throws SyntaxError or TypeError for a URL that can never work
   */
  constructor(
    runtime: Runtime,
    url: string,
    private readonly credentials: Credentials | null,
    settings: ConnectionSettings,
    handlers: ConnectionHandlers,
  ) {
    this.isKnown = credentials === null
    this.runtime = runtime
    this.url = url
    this.settings = settings
    this.handlers = handlers
    this.heardMs = runtime.now()
    this.socket = runtime.openSocket(url, SUBPROTOCOL_MSGPACK, this)
    const { connectTimeoutMs } = settings
    this.arm(connectTimeoutMs, () => {
      const missing = this.welcome === null ? 'WELCOME' : 'answer to who we are'
      this.cut(Code.IDLE_TIMEOUT, `no ${missing} within ${connectTimeoutMs} ms`)
    })
  }

  send(bytes: Uint8Array): void {
    this.socket.send(bytes)
  }

  bufferedBytes(): number {
    return this.socket.bufferedBytes()
  }

  /**
   * Stops reading. The connection counts as alive until it is read again.
   * @returns whether it could
   */
  pause(): boolean {
    if (this.state !== 'open' || this.socket.pause === undefined) return false
    this.isPaused = true
    this.socket.pause()
    this.armPong()
    return true
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.socket.resume?.()
    if (this.state !== 'open') return
    this.heardMs = this.runtime.now()
    this.watch()
  }

  private armPong(): void {
    this.arm(PAUSED_PONG_MS, () => {
      this.socket.send(encodeControl({ op: Op.PONG, token: 0 }))
      this.armPong()
    })
  }

  /** Closes in good order: what was sent goes out first. */
  close(reason: string): void {
    this.closeWith({ code: CLOSE_NORMAL, reason, mayRetry: true })
  }

  private closeWith(closed: Closed): void {
    if (this.state === 'closed' || this.state === 'closing') return
    this.state = 'closing'
    this.ownReason = closed
    // The end of it has to be read.
    this.resume()
    this.socket.close(closed.code, closed.reason)
    this.arm(CLOSE_TIMEOUT_MS, () => this.cut(closed.code, closed.reason))
  }

  /** Ends it now; the peer finds out by itself. */
  private cut(code: number, reason: string): void {
    this.socket.terminate()
    this.end({ code, reason, mayRetry: mayTryAgain(code) })
  }

  private end(closed: Closed): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.runtime.clearTimer(this.timer)
    this.runtime.clearTimer(this.renewTimer)
    const { credentials } = this.settings
    // What is always the same does not come back to life, and what there is not will not be there next time.
    const isOver =
      (closed.code === Code.TOKEN_EXPIRED && credentials?.isRenewable !== true) ||
      (closed.code === Code.AUTH_TIMEOUT && credentials === null)
    this.handlers.closed(this.ownReason ?? (isOver ? { ...closed, mayRetry: false } : closed))
  }

  private arm(delayMs: number, run: () => void): void {
    this.runtime.clearTimer(this.timer)
    this.timer = this.runtime.setTimer(run, delayMs)
  }

  opened(): void {
    const { name } = this.settings
    const info = { version: PROTOCOL_VERSION, ...(name !== undefined && { name }) }
    this.socket.send(encodeControl({ op: Op.HELLO, info }))
    if (this.credentials !== null) this.show(this.credentials)
  }

  drained(): void {
    if (this.state === 'open') this.handlers.drained()
  }

  closed(closed: Closed): void {
    this.end(closed)
  }

  receivedText(): void {
    this.fail(Code.WRONG_MESSAGE_KIND)
  }

  /** Takes one message apart. Events come first in the test because they come a million times more often. */
  received(message: Uint8Array): void {
    this.heardMs = this.runtime.now()
    const scanner = this.scanner
    const end = message.length
    let pos = 0
    while (pos < end) {
      if (message[pos + 1] === Op.EVENT) {
        const next = scanner.scan(message, pos, end)
        if (next < 0) {
          this.fail(-next)
          return
        }
        if (this.state !== 'opening') this.handlers.event(message, scanner)
        pos = next
      } else {
        const next = frameEnd(message, pos, end)
        if (next < 0) {
          this.fail(-next)
          return
        }
        this.control(decodeControl(message, pos, next))
        pos = next
      }
    }
    if (this.state === 'open') this.handlers.taken()
  }

  private control(frame: ControlFrame | Code): void {
    if (this.state === 'closed') return
    if (typeof frame === 'number') this.handlers.unreadable(frame)
    else if (frame.op === Op.WELCOME) this.welcomed(frame.info)
    else if (frame.op === Op.OK && frame.request === AUTH_REQUEST) this.known(frame.info)
    else if (frame.op === Op.ERROR && frame.request === AUTH_REQUEST) this.notKnown(frame)
    else if (this.state === 'opening') return
    else if (frame.op === Op.PING) this.socket.send(encodeControl({ op: Op.PONG, token: frame.token }))
    else this.handlers.control(frame)
  }

  private welcomed(info: WelcomeInfo): void {
    if (this.state !== 'opening' || this.welcome !== null) return
    if (info.version !== PROTOCOL_VERSION) {
      const reason = `the daemon speaks version ${info.version}, this client ${PROTOCOL_VERSION}`
      this.closeWith({ code: Code.UNSUPPORTED_VERSION, reason, mayRetry: false })
      return
    }
    const limits = info.limits as Partial<WelcomeInfo['limits']> | undefined
    if (!isLimit(limits?.messageBytesMax) || !isLimit(limits?.payloadBytesMax)) {
      this.fail(Code.BAD_ARGUMENTS)
      return
    }
    this.welcome = info
    this.begin()
  }

  private begin(): void {
    if (this.state !== 'opening' || this.welcome === null || !this.isKnown) return
    this.state = 'open'
    this.watch()
    this.handlers.welcomed(this.welcome)
  }

  private show(credentials: Credentials): void {
    this.socket.send(encodeControl({ op: Op.AUTH, request: AUTH_REQUEST, credentials }))
  }

  private known({ expiresInMs }: OkInfo = {}): void {
    this.isKnown = true
    if (expiresInMs !== undefined) this.renewAfter(expiresInMs * RENEW_AT)
    this.begin()
  }

  /** What is a reason to close closes by itself: the rest may be tried again. */
  private notKnown(frame: Extract<ControlFrame, { op: typeof Op.ERROR }>): void {
    const { code, message } = frame
    if (this.state !== 'opening') {
      this.handlers.control({ ...frame, request: 0 })
      this.renewAfter(RENEW_MS_MIN)
    } else if (!closesConnection(code)) this.closeWith({ code, reason: message, mayRetry: mayTryAgain(code) })
  }

  private renewAfter(delayMs: number): void {
    const { credentials } = this.settings
    if (credentials?.isRenewable !== true) return
    this.runtime.clearTimer(this.renewTimer)
    const delay = Math.min(TIMER_MS_MAX, Math.max(RENEW_MS_MIN, delayMs))
    this.renewTimer = this.runtime.setTimer(() => this.renew(credentials), delay)
  }

  private renew(source: CredentialSource): void {
    ask(
      source,
      (credentials) => this.show(credentials),
      (message) => {
        if (this.state !== 'open') return
        this.handlers.control({ op: Op.ERROR, request: 0, code: Code.AUTH_UNAVAILABLE, message, details: {} })
        this.renewAfter(RENEW_MS_MIN)
      },
    )
  }

  /** The peer's next frame cannot be found, so the connection is of no use. Another one may be. */
  private fail(code: number): void {
    if (this.state === 'closed' || this.state === 'closing') return
    this.handlers.unreadable(code)
    this.closeWith({ code: Code.MALFORMED, reason: `unreadable message: ${codeMessage(code)}`, mayRetry: true })
  }

  private watch(): void {
    const { heartbeatMs } = this.settings
    const quietMs = this.runtime.now() - this.heardMs
    if (quietMs < heartbeatMs) {
      this.arm(heartbeatMs - quietMs, () => this.watch())
      return
    }
    this.pingedMs = this.runtime.now()
    this.socket.send(encodeControl({ op: Op.PING, token: ++this.pings }))
    this.arm(this.settings.deadMs - heartbeatMs, () => this.judge())
  }

  /** A timer may come late (a sleeping laptop, a hidden tab), so only silence after a PING counts. */
  private judge(): void {
    if (this.heardMs >= this.pingedMs) this.watch()
    else this.cut(Code.IDLE_TIMEOUT, `nothing heard for ${this.settings.deadMs} ms`)
  }
}

function isLimit(value: unknown): boolean {
  return typeof value === 'number' && value > 0
}
