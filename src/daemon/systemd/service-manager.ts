import { NotifySocket } from './notify-socket.js'

/** What systemd hands to a service; whoever has read them takes them out, so that no child process speaks in the service's name. */
const VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'] as const
/** So many signs of life come within the time that systemd allows for one: a late one, or a lost one, ends nothing. */
const SIGNS_PER_WATCHDOG = 4
const SIGN_INTERVAL_MAX_MS = 60_000
/** Closing ports and threads after the drain. */
const AFTER_DRAIN_MS = 5000
/** Problems told in the log, of what is tried every few seconds for as long as the daemon runs. */
const WARNINGS_MAX = 3
const US_PER_MS = 1000

/** Sends something through the router and says when it has come out; the router's own canary, in the daemon. */
export type Probe = (onArrival: () => void) => void

/** What the service manager is told through: one datagram, several assignments. */
export interface Notify {
  send(assignments: readonly string[]): void
  close(): void
}

/**
 * Tells systemd how the daemon is, by the protocol of sd_notify(3). Where nobody wants to be told, nothing is done and nothing is loaded.
 */
export class ServiceManager {
  private watching: NodeJS.Timeout | null = null
  private figures = ''
  private reloaded = ''

  /** @param watchdogMs silence after which systemd restarts the service; 0: it does not watch */
  constructor(
    private notify: Notify | null,
    private readonly watchdogMs: number,
  ) {}

  /**
   * @param env is rid of what it says of the service manager
   * @param warn is told, in a sentence for the operator, what does not work
   */
  static async from(env: NodeJS.ProcessEnv, warn: (sentence: string) => void): Promise<ServiceManager> {
    const [path, watchdogUs, watchdogPid] = VARIABLES.map((name) => env[name])
    for (const name of VARIABLES) delete env[name]
    if (path === undefined || path === '') return new ServiceManager(null, 0)
    let warnings = 0
    const notify = await NotifySocket.open(path, (sentence) => {
      if (++warnings <= WARNINGS_MAX) warn(sentence)
    })
    const isForUs = watchdogPid === undefined || Number(watchdogPid) === process.pid
    return new ServiceManager(notify, isForUs ? watchdogTime(watchdogUs, warn) : 0)
  }

  /** Whether anybody reads what is told here. */
  get isListening(): boolean {
    return this.notify !== null
  }

  /** All ports are open, or what was read again is in use. */
  ready(): void {
    this.send('READY=1', this.statusLine)
  }

  /**
   * From now on systemd is given a sign of life for every probe that comes out: not while the loop is stuck, nor while it comes round but the router
   * stands still.
   */
  watch(probe: Probe): void {
    if (this.notify === null || this.watchdogMs === 0) return
    const alive = (): void => this.send('WATCHDOG=1')
    this.watching = setInterval(
      () => probe(alive),
      Math.min(SIGN_INTERVAL_MAX_MS, this.watchdogMs / SIGNS_PER_WATCHDOG),
    ).unref()
    probe(alive)
  }

  /** A sentence for `systemctl status`. */
  status(figures: string): void {
    this.figures = figures
    this.send(this.statusLine)
  }

  /** The configuration is being read again; ends with `reloadDone`. */
  reloading(): void {
    this.send(
      'RELOADING=1',
      `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`,
      'STATUS=reading the configuration again',
    )
  }

  /** @param outcome what came of it, for people; it stays in the status from now on */
  reloadDone(outcome: string): void {
    this.reloaded = `${outcome} at ${new Date().toISOString().slice(11, 19)} UTC`
    this.ready()
  }

  /** Asks for the time that the drain may take, and what comes after it, however short the unit's own limit is. */
  stopping(drainMs: number): void {
    this.send(
      'STOPPING=1',
      `EXTEND_TIMEOUT_USEC=${Math.ceil((drainMs + AFTER_DRAIN_MS) * US_PER_MS)}`,
      'STATUS=draining: clients are told to come back, what waits is delivered',
    )
  }

  close(): void {
    if (this.watching !== null) clearInterval(this.watching)
    this.notify?.close()
    this.notify = null
  }

  private get statusLine(): string {
    const says = [this.figures, this.reloaded].filter((part) => part !== '')
    return `STATUS=${says.length === 0 ? 'listening' : says.join('; ')}`
  }

  private send(...assignments: readonly string[]): void {
    this.notify?.send(assignments)
  }
}

/** @returns milliseconds, 0 when there is none */
function watchdogTime(us: string | undefined, warn: (sentence: string) => void): number {
  if (us === undefined || us === '') return 0
  if (/^\d{1,15}$/.test(us)) return Number(us) / US_PER_MS
  warn(`there is no watchdog: WATCHDOG_USEC is ${JSON.stringify(us)}, which is no number of microseconds`)
  return 0
}
