import type { Bus, ConnectOptions } from '../../client/exports.js'
import { STATS_TOPIC, type Stats, type StatsPoint } from '../../observe/stats.js'
import { type Directions, readDirections } from './directions.js'
import { readHistory, readStats } from './read-stats.js'

/** Where the figures come from at the moment. */
export type FeedState =
  /** None have come yet. */
  | { readonly kind: 'starting' }
  /** Over the bus, as they should. */
  | { readonly kind: 'live' }
  /** The bus is not reached, or says nothing; the admin port does. */
  | { readonly kind: 'polling'; readonly reason: string }
  /** From nowhere. */
  | { readonly kind: 'silent'; readonly reason: string }

/** What a page needs from a browser: given, so that tests can be without one. */
export interface FeedWorld {
  /** Body of a GET, from JSON; rejects unless the answer is a 200 within the time. */
  fetchJson(path: string, timeoutMs: number): Promise<unknown>
  connect(urls: readonly string[], options: ConnectOptions): Promise<Bus>
  /** Milliseconds, monotonic. */
  now(): number
  every(ms: number, run: () => void): () => void
  /** Whether the page itself came over TLS: then a bus without it cannot be reached. */
  readonly isSecure: boolean
}

export interface FeedListener {
  stats(stats: Stats): void
  past(points: readonly StatsPoint[], stepS: number): void
  state(state: FeedState): void
}

const DIRECTIONS_PATH = 'dashboard.json'
const LOOK_INTERVAL_MS = 500
/** Figures come once a second; one may be late. */
const LATE_MS = 2500
/** After this the page says that it knows nothing. */
const SILENT_MS = 4000
const POLL_INTERVAL_MS = 1000
const POLL_TIMEOUT_MS = 3000
const HISTORY_TIMEOUT_MS = 15_000
const HISTORY_RANGE_S = 3600
/** So much of it the daemon tells second by second; of more it makes longer steps. */
const HISTORY_FINE_S = 600
/** Pause after the bus could not be reached at all; the client itself mends what breaks. */
const BUS_RETRY_MS = 5000
const BACKOFF_CAP_MS = 2000

/**
 * Brings Stats: over the bus; from the admin port while the bus brings none, as when only that port is forwarded to the reader, or when the routing
 * thread stands still; and the past once at the start and after each silence.
 */
export class Feed {
  private current: FeedState = { kind: 'starting' }
  private bus: Bus | null = null
  private isOpening = false
  private openAfterMs = Number.NEGATIVE_INFINITY
  private pollAfterMs = Number.NEGATIVE_INFINITY
  private isPolling = false
  private lastMs: number
  private lastSequence = -1
  private lastPid = 0
  private busReason = ''
  private readonly stopLooking: () => void
  private isClosed = false

  constructor(
    private readonly world: FeedWorld,
    private readonly listener: FeedListener,
  ) {
    this.lastMs = world.now()
    this.stopLooking = world.every(LOOK_INTERVAL_MS, () => this.look())
    void this.loadPast(HISTORY_RANGE_S)
    this.look()
  }

  get state(): FeedState {
    return this.current
  }

  close(): void {
    this.isClosed = true
    this.stopLooking()
    void this.bus?.close()
  }

  private look(): void {
    const now = this.world.now()
    if (this.bus === null && !this.isOpening && now >= this.openAfterMs) void this.open()
    const silence = now - this.lastMs
    if (silence > LATE_MS && !this.isPolling && now >= this.pollAfterMs) void this.poll()
    if (silence > SILENT_MS) this.enter({ kind: 'silent', reason: this.busReason })
  }

  private async open(): Promise<void> {
    this.isOpening = true
    try {
      const { urls, token } = await this.askDirections()
      const usable = this.world.isSecure ? urls.filter((url) => url.startsWith('wss:')) : urls
      if (usable.length === 0) throw new Error('the daemon names no port of the bus that this page may use')
      const bus = await this.world.connect(usable, {
        name: 'dashboard',
        backoffCapMs: BACKOFF_CAP_MS,
        ...(token !== null && { token: this.tokens(token) }),
        onStatus: (status) => {
          if (status.type === 'reconnecting') this.busReason = status.reason
          if (status.type === 'connected') this.busReason = ''
          if (status.type === 'closed') this.lose(status.reason)
        },
      })
      if (this.isClosed) return void bus.close()
      bus.subscribe(STATS_TOPIC, {
        policy: 'drop-oldest',
        onEvent: (event) => this.take(readStats(event.value), true),
      })
      this.bus = bus
    } catch (error) {
      this.lose(error instanceof Error ? error.message : String(error))
    } finally {
      this.isOpening = false
    }
  }

  private async askDirections(): Promise<Directions> {
    return readDirections(await this.world.fetchJson(DIRECTIONS_PATH, POLL_TIMEOUT_MS))
  }

  /** The token that has just been told, and from then on a new one each time: it is good for some minutes only. */
  private tokens(first: string): () => Promise<string> {
    let next: string | null = first
    return async () => {
      const token = next ?? (await this.askDirections()).token
      next = null
      if (token === null) throw new Error('the daemon does not ask who this page is any more')
      return token
    }
  }

  private lose(reason: string): void {
    this.bus = null
    this.busReason = reason
    this.openAfterMs = this.world.now() + BUS_RETRY_MS
  }

  private async poll(): Promise<void> {
    this.isPolling = true
    this.pollAfterMs = this.world.now() + POLL_INTERVAL_MS
    try {
      this.take(readStats(await this.world.fetchJson('stats', POLL_TIMEOUT_MS)), false)
    } catch {
      // Nobody is there to ask; look() says so once it has lasted.
    } finally {
      this.isPolling = false
    }
  }

  private take(stats: Stats | null, isFromBus: boolean): void {
    if (stats === null || this.isClosed) return
    const isSame = stats.sequence <= this.lastSequence && stats.server.pid === this.lastPid
    if (isSame) return
    this.lastSequence = stats.sequence
    this.lastPid = stats.server.pid
    const now = this.world.now()
    const wasSilent = this.current.kind === 'silent'
    const silenceS = Math.ceil((now - this.lastMs) / 1000)
    // The bus is as late as it was: only its own figures tell that it is there again.
    this.lastMs = isFromBus ? now : now - LATE_MS
    this.enter(isFromBus ? { kind: 'live' } : { kind: 'polling', reason: this.busReason })
    if (wasSilent) void this.loadPast(Math.min(HISTORY_RANGE_S, silenceS + 5))
    this.listener.stats(stats)
  }

  /** The last minutes by the second, and before them what was missed by longer steps. */
  private async loadPast(seconds: number): Promise<void> {
    try {
      const fineS = Math.min(seconds, HISTORY_FINE_S)
      const isWhole = (await this.loadPoints(fineS)) >= fineS
      if (isWhole && seconds > fineS) await this.loadPoints(seconds)
    } catch {
      // Without the past the page begins now.
    }
  }

  /** How many seconds there were. */
  private async loadPoints(seconds: number): Promise<number> {
    const value = await this.world.fetchJson(`stats/history?seconds=${seconds}`, HISTORY_TIMEOUT_MS)
    const { points, stepS } = readHistory(value)
    if (!this.isClosed && points.length > 0) this.listener.past(points, stepS)
    return points.length * stepS
  }

  private enter(state: FeedState): void {
    const { current } = this
    const isSame =
      current.kind === state.kind && (!('reason' in current) || !('reason' in state) || current.reason === state.reason)
    if (isSame) return
    this.current = state
    this.listener.state(state)
  }
}
