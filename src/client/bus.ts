import { Code, codeName } from '../protocol/codes.js'
import type { ControlFrame, ErrorDetails, WelcomeInfo } from '../protocol/control.js'
import type { Metadata } from '../protocol/metadata.js'
import { LANE_DEFAULT, Op } from '../protocol/ops.js'
import { callOut } from './callbacks.js'
import { eventBytes, SLACK_BYTES } from './chunk.js'
import { Confirmation, type SyncResult } from './confirmation.js'
import type { Connection } from './connection.js'
import { ClosedError, ConnectError } from './errors.js'
import { Heads } from './heads.js'
import { Intake } from './intake.js'
import { type ConnectOptions, settingsOf } from './options.js'
import { Outgoing } from './outgoing.js'
import type { Closed, Runtime } from './runtime.js'
import type { Status, StatusListener } from './status.js'
import type { SubscribeOptions, Subscription } from './subscription.js'
import { Subscriptions } from './subscriptions.js'
import { Supervisor } from './supervisor.js'
import { shownUrl } from './url.js'
import { packMetadata, packValue } from './values.js'

/** A SYNC is sent when nothing was sent for so long and something is in doubt. */
const SYNC_IDLE_MS = 50
/** Pause after an `overloaded` that names no time. */
const OVERLOAD_PAUSE_MS = 100

export interface PublishOptions {
  /** 0, most urgent, to 7. Default 3. */
  lane?: number
  /** Milliseconds from acceptance after which the event is not delivered any more. */
  ttl?: number
  /** Conflation key: under the `conflate` policy only the latest event of a key waits. */
  key?: string
  /** Event id, for receivers that want to recognise doubles. */
  id?: string
  /** Topic on which you listen for an answer. */
  reply?: string
  /** Media type of the payload. Absent: one msgpack value. `application/json` and `text/…` are encoded from the value; for others give bytes. */
  type?: string
  headers?: { [name: string]: string }
  /** Further metadata. */
  metadata?: Metadata
}

/**
 * What became of the events, since connect. `published` = `dropped` + `buffered` + `accepted` + `refused` + `unconfirmed` + `lost`, but that lost
 * ones may have been accepted.
 */
export interface Counts {
  /** Taken by `publish`. */
  readonly published: number
  /** Not taken by `publish` because the buffer was full. */
  readonly notTaken: number
  /** Taken, then dropped for newer ones. */
  readonly dropped: number
  /** Taken, not yet sent. */
  readonly buffered: number
  /** Confirmed by the daemon. */
  readonly accepted: number
  readonly refused: number
  /** Sent on the present connection and not yet confirmed. */
  readonly unconfirmed: number
  /** Sent on a connection that broke before they were confirmed. */
  readonly lost: number
}

/** A connection to a daemon that mends itself. Made by `connect`. */
export class Bus {
  private readonly runtime: Runtime
  private readonly listeners = new Set<StatusListener>()
  private readonly heads = new Heads()
  private readonly outgoing: Outgoing
  private readonly confirmation: Confirmation
  private readonly subscriptions: Subscriptions
  private readonly intake: Intake
  private readonly supervisor: Supervisor
  private welcome: WelcomeInfo | null = null
  private connection: Connection | null = null
  private requests = 0
  private lost = 0
  /** Of `lost`, what the connection before the end has left, if the bus ended with it. */
  private lostLast = 0
  /** After GOAWAY: nothing more goes out on this connection. */
  private isLeaving = false
  /** Set once closing has begun; what is asked for from then on is refused with it. */
  private end: ClosedError | null = null
  private readyWaiters: { resolve(): void; reject(error: Error): void }[] = []
  private syncTimer: unknown = null
  private pauseTimer: unknown = null
  private readonly laterTimers = new Set<unknown>()
  private onConnected: ((error: ConnectError | null) => void) | null = null
  private readonly ended: Promise<void>
  private tellEnded!: () => void

  /** For `connect`. */
  constructor(runtime: Runtime, urls: readonly string[], options: ConnectOptions) {
    const settings = settingsOf(options)
    this.runtime = runtime
    if (options.onStatus !== undefined) this.listeners.add(options.onStatus)
    this.ended = new Promise((resolve) => {
      this.tellEnded = resolve
    })
    this.outgoing = new Outgoing(settings.bufferBytesMax, settings.whenFull, {
      batchSends: (events) => {
        this.watchIdle()
        return this.confirmation.batchSends(events)
      },
      defer: (run) => runtime.defer(run),
      eased: () => this.eased(),
      dropped: (count) => this.tell({ type: 'dropped', count }),
    })
    this.confirmation = new Confirmation(this.outgoing, this.nextRequest)
    this.intake = new Intake(
      () => this.confirmation.isAwaited || this.readyWaiters.length > 0 || this.subscriptions.isAwaited,
    )
    this.subscriptions = new Subscriptions({
      nextRequest: this.nextRequest,
      writeControl: (frame) => this.outgoing.writeControl(frame),
      defer: (run) => runtime.defer(run),
      told: (gap) => this.tell({ type: 'gap', ...gap }),
      filled: () => this.intake.filled(),
      emptied: () => this.intake.emptied(),
      awaited: () => this.intake.resume(),
      later: (run, delayMs) => this.later(run, delayMs),
    })
    this.supervisor = new Supervisor(
      runtime,
      urls,
      { ...settings, name: options.name },
      {
        connected: (connection, info, isFirst) => this.connected(connection, info, isFirst),
        disconnected: () => this.disconnected(),
        isSettled: () => this.confirmation.unconfirmed === 0,
        ended: (closed, url) => this.finish(closed, url),
        event: (message, scanner) => this.subscriptions.deliver(message, scanner),
        control: (frame) => this.control(frame),
        unreadable: (code) => this.refused(code, `the daemon sent: ${codeName(code)}`, {}),
        taken: () => this.intake.taken(),
        drained: () => this.outgoing.pump(),
        status: (status) => {
          this.lostLast = 0
          this.tell(status)
        },
      },
    )
  }

  /** For `connect`: resolves when the daemon has said WELCOME; rejects with ConnectError. */
  start(): Promise<this> {
    return new Promise((resolve, reject) => {
      this.onConnected = (error) => (error === null ? resolve(this) : reject(error))
      this.supervisor.start()
    })
  }

  /**
   * Publishes one value. Events of one task travel together; of one topic and lane they arrive in the order published.
   * @returns false when the local buffer is over its limit or the daemon asked for a pause: await `ready()` before going on. Whether the event was
   *   taken then depends on `whenFull`. On a closed bus events are not taken.
   * @throws TypeError or RangeError for a topic, lane, value or metadata that can never be published
   */
  publish(topic: string, value: unknown, options?: PublishOptions): boolean {
    const metadata = options === undefined ? null : metadataOf(options)
    // Last, because the next thing that is packed takes its place.
    const { bytes, start, end } = packValue(value, options?.type ?? options?.metadata?.type)
    return this.write(topic, options?.lane, bytes, start, end, metadata)
  }

  /** As publish, with a payload that is ready: of the media type given as `type`, or one msgpack value. */
  publishBytes(topic: string, payload: Uint8Array, options?: PublishOptions): boolean {
    if (!(payload instanceof Uint8Array)) throw new TypeError('the payload is a Uint8Array')
    const metadata = options === undefined ? null : metadataOf(options)
    return this.write(topic, options?.lane, payload, 0, payload.length, metadata)
  }

  private write(
    topic: string,
    lane: number = LANE_DEFAULT,
    bytes: Uint8Array,
    start: number,
    end: number,
    metadata: Uint8Array | null,
  ): boolean {
    const head = this.heads.get(topic, lane, metadata !== null)
    this.checkSize(end - start, eventBytes(head, end - start, metadata))
    if (this.end !== null) {
      this.outgoing.notTaken++
      return false
    }
    return this.outgoing.write(head, lane, bytes, start, end, metadata)
  }

  private checkSize(payloadBytes: number, frameBytes: number): void {
    const limits = this.welcome?.limits
    if (limits === undefined) return
    if (payloadBytes > limits.payloadBytesMax) {
      throw new RangeError(`payload of ${payloadBytes} bytes; the daemon takes at most ${limits.payloadBytesMax}`)
    }
    if (frameBytes + SLACK_BYTES > limits.messageBytesMax) {
      throw new RangeError(`event of ${frameBytes} bytes; the daemon takes messages of ${limits.messageBytesMax}`)
    }
  }

  /** Resolves when `publish` would return true again. Rejects with ClosedError. */
  ready(): Promise<void> {
    if (this.end !== null) return Promise.reject(this.end)
    if (this.outgoing.isBelowLimit) return Promise.resolve()
    this.intake.resume()
    return new Promise((resolve, reject) => this.readyWaiters.push({ resolve, reject }))
  }

  /**
   * Resolves when the daemon's router has taken or refused everything published so far; waits for a connection if there is none. Rejects with
   * UnconfirmedError when a connection broke and events published since the last call may be lost, with ClosedError when the bus is closed.
   */
  async sync(): Promise<SyncResult> {
    if (this.end !== null) throw this.end
    const synced = this.confirmation.sync()
    this.intake.resume()
    this.advanceSyncs()
    await synced
    return {
      accepted: this.confirmation.accepted,
      refused: this.confirmation.refused,
      dropped: this.outgoing.dropped,
    }
  }

  /**
   * Asks for events whose topic matches the pattern: `*` stands for one token, a final `>` for the rest. Subscribing again to a pattern gives another
   * reader of the same events; options for the daemon, if given, replace those before.
   * @throws TypeError or RangeError for a pattern or option that can never be accepted; Error on a closed bus
   */
  subscribe<T = unknown>(pattern: string, options: SubscribeOptions<T> = {}): Subscription<T> {
    if (this.end !== null) throw this.end
    return this.subscriptions.add(pattern, options)
  }

  /** Calls the listener with every change of status. Returns a function that stops it. */
  on(event: 'status', listener: StatusListener): () => void {
    if (event !== 'status') throw new TypeError(`no event ${event}; there is 'status'`)
    this.listeners.add(listener)
    return () => this.off(event, listener)
  }

  off(event: 'status', listener: StatusListener): void {
    if (event === 'status') this.listeners.delete(listener)
  }

  get counts(): Counts {
    const { published, notTaken, dropped, bufferedEvents } = this.outgoing
    const { accepted, refused, unconfirmed } = this.confirmation
    return { published, notTaken, dropped, buffered: bufferedEvents, accepted, refused, unconfirmed, lost: this.lost }
  }

  get isConnected(): boolean {
    return this.connection !== null
  }

  /** What the daemon said of itself at the last connection. */
  get daemon(): WelcomeInfo {
    return this.welcome as WelcomeInfo
  }

  /**
   * Ends in good order: asks for no more events, sends what waits, has it confirmed, closes. Iterators end after what has arrived. Rejects as
   * `sync` does, and then is closed all the same. Without a connection it waits for one; `close` ends the wait.
   */
  async drain(): Promise<SyncResult> {
    if (this.end !== null) throw this.end
    this.subscriptions.unsubscribeAll()
    try {
      return await this.sync()
    } finally {
      await this.close()
    }
  }

  /**
   * Ends now. What was published in this task still goes out, what waits for the daemon does not; the status event `closed` has the counts. Iterators end
   * after what has arrived.
   */
  close(): Promise<void> {
    if (this.end === null) {
      this.outgoing.flush()
      this.endWith(new ClosedError({ code: 1000, reason: 'closed by the application' }), null)
      this.supervisor.stop('')
    }
    return this.ended
  }

  /** From now on nothing is taken, and nobody waits. */
  private endWith(error: ClosedError, iteratorError: Error | null): void {
    if (this.end !== null) return
    this.end = error
    this.runtime.clearTimer(this.syncTimer)
    this.runtime.clearTimer(this.pauseTimer)
    for (const timer of this.laterTimers) this.runtime.clearTimer(timer)
    this.confirmation.fail(error)
    for (const waiter of this.readyWaiters.splice(0)) waiter.reject(error)
    this.subscriptions.endAll(iteratorError, error)
  }

  /** The supervisor has no connection and makes no other. */
  private finish(closed: Closed, url: string): void {
    if (this.onConnected !== null) {
      this.endWith(new ClosedError(closed), null)
      this.onConnected(new ConnectError(url, closed))
      this.onConnected = null
    }
    const error = new ClosedError(closed)
    this.endWith(error, error)
    const unsent = this.outgoing.bufferedEvents
    this.tell({ type: 'closed', code: closed.code, reason: closed.reason, unsent, unconfirmed: this.lostLast })
    this.tellEnded()
  }

  private connected(connection: Connection, info: WelcomeInfo, isFirst: boolean): void {
    this.connection = connection
    this.intake.attach(connection)
    this.welcome = info
    this.tell({ type: 'connected', url: shownUrl(connection.url), server: info.server, reconnected: !isFirst })
    // Subscriptions first: a client that publishes what it listens to hears it again from the first event on.
    this.outgoing.attach(connection, info.limits.messageBytesMax, () => this.subscriptions.connected(isFirst))
    this.onConnected?.(null)
    this.onConnected = null
  }

  private disconnected(): void {
    this.connection = null
    this.intake.detach()
    this.runtime.clearTimer(this.syncTimer)
    this.syncTimer = null
    this.isLeaving = false
    this.outgoing.detach()
    this.unpause()
    const lost = this.confirmation.connectionLost()
    this.lostLast = lost
    this.lost += lost
    if (lost > 0) this.tell({ type: 'lost', count: lost })
  }

  private control(frame: ControlFrame): void {
    switch (frame.op) {
      case Op.OK:
        this.subscriptions.confirmed(frame.request)
        break
      case Op.SYNCED:
        this.confirmation.synced(frame.request, frame.accepted, frame.refused)
        this.supervisor.settled()
        break
      case Op.GAP:
        this.subscriptions.missed({ pattern: frame.pattern, count: frame.count, reason: frame.reason })
        break
      case Op.ERROR:
        this.failed(frame.request, frame.code, frame.message, frame.details)
        break
      case Op.GOAWAY:
        this.leave(frame.code, frame.retryAfterMs, frame.reason)
        break
      default:
      // PONG has done its work by being heard; the others are the client's to send.
    }
  }

  private failed(request: number, code: number, message: string, details: ErrorDetails): void {
    const pattern = this.subscriptions.refused(request, code, message, details.retryAfterMs)
    if (pattern === undefined && code === Code.OVERLOADED) {
      this.overloaded(details)
      return
    }
    if (pattern === undefined && code === Code.RATE_LIMITED) this.hold(details.retryAfterMs)
    this.refused(code, message, pattern === undefined ? details : { topic: pattern })
  }

  private refused(code: number, message: string, { count = 0, topic }: ErrorDetails): void {
    this.tell({ type: 'error', code, name: codeName(code), message, count, ...(topic !== undefined && { topic }) })
  }

  /** Sending more would only be refused too, so it waits here, within the bound. */
  private hold(ms: number = OVERLOAD_PAUSE_MS): void {
    if (this.isLeaving) return
    this.outgoing.pause(true)
    this.runtime.clearTimer(this.pauseTimer)
    this.pauseTimer = this.runtime.setTimer(() => this.unpause(), ms)
  }

  private overloaded({ count = 0, retryAfterMs = OVERLOAD_PAUSE_MS }: ErrorDetails): void {
    this.hold(retryAfterMs)
    this.tell({ type: 'overloaded', count, retryAfterMs })
  }

  private unpause(): void {
    this.runtime.clearTimer(this.pauseTimer)
    this.pauseTimer = null
    this.outgoing.resume()
  }

  /** What was sent is confirmed while there is time; what is published from now on waits for the next connection. */
  private leave(code: number, retryAfterMs: number, reason: string): void {
    this.isLeaving = true
    this.runtime.clearTimer(this.pauseTimer)
    this.outgoing.pause(false)
    this.confirmation.askWhenIdle()
    this.supervisor.leave(code, retryAfterMs)
    this.tell({ type: 'goaway', code, retryAfterMs, reason })
  }

  private watchIdle(): void {
    this.runtime.clearTimer(this.syncTimer)
    this.syncTimer = this.runtime.setTimer(() => this.confirmation.askWhenIdle(), SYNC_IDLE_MS)
  }

  private eased(): void {
    this.advanceSyncs()
    if (!this.outgoing.isBelowLimit) return
    for (const waiter of this.readyWaiters.splice(0)) waiter.resolve()
  }

  private advanceSyncs(): void {
    if (this.connection !== null) this.confirmation.advance(() => this.outgoing.flowingEvents)
  }

  private later(run: () => void, delayMs: number): void {
    const timer = this.runtime.setTimer(() => {
      this.laterTimers.delete(timer)
      run()
    }, delayMs)
    this.laterTimers.add(timer)
  }

  private readonly nextRequest = (): number => ++this.requests

  private tell(status: Status): void {
    for (const listener of this.listeners) callOut(listener, status)
  }
}

/** Options of publish that are metadata by the same name. */
const NAMED: ReadonlySet<string> = new Set(['ttl', 'key', 'id', 'reply', 'type', 'headers'])

/** @throws TypeError for an option that there is not: a misspelt one would travel as metadata and do nothing */
function metadataOf(options: PublishOptions): Uint8Array | null {
  const { lane, metadata, ...named } = options
  let any = false
  const map: Metadata = {}
  for (const source of [metadata, named]) {
    for (const key in source) {
      if (source === named && !NAMED.has(key))
        throw new TypeError(`unknown option ${key}; further metadata goes in metadata`)
      if (source[key as keyof typeof source] === undefined) continue
      map[key] = source[key as keyof typeof source]
      any = true
    }
  }
  return any ? packMetadata(map) : null
}
