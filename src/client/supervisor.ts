import { Code, mayTryAgain } from '../protocol/codes.js'
import type { Credentials, WelcomeInfo } from '../protocol/control.js'
import { backoffMs } from './backoff.js'
import { Connection, type ConnectionHandlers, type ConnectionSettings } from './connection.js'
import { ask, type CredentialSource } from './credentials.js'
import type { Closed, Runtime } from './runtime.js'
import type { Status } from './status.js'
import { shownUrl } from './url.js'

/** A connection that held so long starts the back-off anew. */
const STABLE_MS = 5_000
/** When it is time to leave, what is in doubt has so much longer to be confirmed. */
const SETTLE_MS = 1_000

export interface SupervisorSettings extends ConnectionSettings {
  readonly backoffBaseMs: number
  readonly backoffCapMs: number
}

export interface SupervisorHandlers
  extends Pick<ConnectionHandlers, 'event' | 'control' | 'unreadable' | 'taken' | 'drained'> {
  connected(connection: Connection, info: WelcomeInfo, isFirst: boolean): void
  /** The connection that was announced is gone. */
  disconnected(): void
  /** Whether nothing is in doubt that was sent on the present connection. */
  isSettled(): boolean
  /** No connection, and none will be tried any more. Once, last. */
  ended(closed: Closed, url: string): void
  status(status: Status): void
}

/** Keeps one connection alive: opens it, and another when it breaks, with back-off, until told to stop or not to try again. */
export class Supervisor {
  private readonly runtime: Runtime
  private readonly urls: readonly string[]
  private readonly settings: SupervisorSettings
  private readonly handlers: SupervisorHandlers
  private connection: Connection | null = null
  private isConnected = false
  private wasConnected = false
  private connectedMs = 0
  /** Attempts since a connection held, and in all. */
  private attempts = 0
  private tries = 0
  private timer: unknown
  private goaway: { code: number; untilMs: number; isDue: boolean } | null = null
  private stopped = false
  private hasEnded = false

  constructor(runtime: Runtime, urls: readonly string[], settings: SupervisorSettings, handlers: SupervisorHandlers) {
    this.runtime = runtime
    this.urls = urls
    this.settings = settings
    this.handlers = handlers
  }

  private get url(): string {
    return this.urls[this.tries % this.urls.length]
  }

  /** Opens a connection to the URL whose turn it is. */
  start(): void {
    if (this.stopped) return
    const { url } = this
    this.handlers.status({ type: 'connecting', url: shownUrl(url), attempt: this.tries + 1 })
    const { credentials } = this.settings
    if (credentials === null) this.open(url, null)
    else this.askFor(credentials, url)
  }

  private askFor(source: CredentialSource, url: string): void {
    const { connectTimeoutMs } = this.settings
    // Told once, whichever comes first.
    let isWaiting = true
    const settle = (go: () => void): void => {
      if (!isWaiting) return
      isWaiting = false
      this.runtime.clearTimer(this.timer)
      if (!this.stopped) go()
    }
    const fail = (reason: string, cause?: unknown): void =>
      settle(() => this.closed({ code: Code.AUTH_UNAVAILABLE, reason, mayRetry: true, cause }))
    this.timer = this.runtime.setTimer(() => fail(`no token within ${connectTimeoutMs} ms`), connectTimeoutMs)
    ask(source, (credentials) => settle(() => this.open(url, credentials)), fail)
  }

  private open(url: string, credentials: Credentials | null): void {
    const { event, control, unreadable, taken, drained } = this.handlers
    try {
      this.connection = new Connection(this.runtime, url, credentials, this.settings, {
        welcomed: (info) => this.welcomed(info),
        event,
        control,
        unreadable,
        taken,
        drained,
        closed: (closed) => this.closed(closed),
      })
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      this.end({ code: Code.BAD_ARGUMENTS, reason, mayRetry: false, cause })
    }
  }

  private welcomed(info: WelcomeInfo): void {
    const isFirst = !this.wasConnected
    this.wasConnected = true
    this.isConnected = true
    this.connectedMs = this.runtime.now()
    this.goaway = null
    this.handlers.connected(this.connection as Connection, info, isFirst)
  }

  private closed(closed: Closed): void {
    this.connection = null
    this.runtime.clearTimer(this.timer)
    if (this.isConnected) {
      this.isConnected = false
      if (this.runtime.now() - this.connectedMs >= STABLE_MS) this.attempts = 0
      this.handlers.disconnected()
    }
    const { url } = this
    const isLastUrl = ++this.tries >= this.urls.length
    const mayGoOn = closed.mayRetry && (this.goaway === null || mayTryAgain(this.goaway.code))
    if (this.stopped) this.end(closed, url)
    else if (this.wasConnected) {
      if (mayGoOn) this.retry(closed)
      else this.end(closed, url)
    } else if (isLastUrl) this.end(closed, url)
    else this.start()
  }

  private retry(closed: Closed): void {
    const { backoffBaseMs, backoffCapMs } = this.settings
    const ownMs = backoffMs(this.attempts++, backoffBaseMs, backoffCapMs, () => this.runtime.random())
    const delayMs = Math.max(ownMs, (this.goaway?.untilMs ?? 0) - this.runtime.now())
    this.handlers.status({ type: 'reconnecting', delayMs, code: closed.code, reason: closed.reason })
    this.timer = this.runtime.setTimer(() => this.start(), delayMs)
  }

  /**
   * The daemon will close this connection. It stays open for what is still to come, at the latest until the given time, at which another one is opened; a
   * little longer while something is in doubt.
   */
  leave(code: number, retryAfterMs: number): void {
    const goaway = { code, untilMs: this.runtime.now() + retryAfterMs, isDue: false }
    this.goaway = goaway
    this.runtime.clearTimer(this.timer)
    this.timer = this.runtime.setTimer(() => {
      goaway.isDue = true
      this.timer = this.runtime.setTimer(() => this.connection?.close('goaway'), SETTLE_MS)
      this.settled()
    }, retryAfterMs)
  }

  /** To be called when something was confirmed: who is to leave waits for that, and no longer. */
  settled(): void {
    if (this.goaway?.isDue !== true || !this.handlers.isSettled()) return
    this.runtime.clearTimer(this.timer)
    this.connection?.close('goaway')
  }

  /** Closes in good order and tries no more. */
  stop(reason: string): void {
    this.stopped = true
    this.runtime.clearTimer(this.timer)
    if (this.connection !== null) this.connection.close(reason)
    else this.end({ code: 1000, reason, mayRetry: true })
  }

  private end(closed: Closed, url: string = this.url): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.stopped = true
    this.handlers.ended(closed, url)
  }
}
