import { type Bus, ClosedError, type Status, SubscribeError } from '../client/index.js'
import { shownUrl } from '../client/url.js'
import { STATS_TOPIC, type Stats } from '../observe/stats.js'
import { ADMIN_OPTIONS } from './admin.js'
import { BUS_OPTIONS, connectBus, urlOf } from './bus.js'
import { type Command, type Context, Exit, exitOfSignal, Failure, type Given, UsageError } from './command.js'
import { Notices } from './notices.js'
import { seconds } from './numbers.js'
import { recallEarlier } from './top/earlier.js'
import { FigurePrinter } from './top/print.js'
import { ScreenShow } from './top/show.js'
import { TopState } from './top/state.js'
import { statsOf } from './top/stats-shape.js'
import { visible } from './top/text.js'
import type { Show } from './top/view.js'
import { parseDurationMs } from './units.js'
import { pause } from './waiting.js'

/** How often the daemon tells its figures. */
const TOLD_MS = 1000
/** After so long without any, something is wrong with who should tell them. */
const SILENCE_MS = 3 * TOLD_MS
/** How long `--once` waits for the first. */
const FIRST_MS = 5 * TOLD_MS
/** How long what is printed waits for the past. */
const EARLIER_MS = TOLD_MS

export const top: Command = {
  name: 'top',
  usage: ['top [OPTION]…'],
  about: [
    'Shows what a daemon does, live: rates, latency by lane and stage, objectives and their budgets, what limits it right now,',
    'who is furthest behind, and what was dropped. On a terminal a picture that fits its size, with keys: ? lists them.',
    'In a pipe or a file: the picture as text, each time anew. The daemon does no more for it than for any subscriber of $sys.stats.',
  ],
  options: {
    ...BUS_OPTIONS,
    ...ADMIN_OPTIONS,
    once: { help: 'one picture, then end' },
    json: { help: 'the figures as JSON, one object a line (docs/protocol.md has their names)' },
    interval: { value: 'TIME', short: 'i', help: 'a new picture every so often, in whole seconds (default: 1s)' },
  },
  positionalsMax: 0,
  examples: [
    { line: 'sluice top', says: 'the daemon on this machine' },
    {
      line: 'sluice top --url wss://bus.example:7443 --interval 5s',
      says: 'another one, a new picture every five seconds',
    },
    { line: 'sluice top --once', says: 'how it is now, for a report' },
    { line: "sluice top --json | jq '.stages.delivery.p99Ms'", says: 'figures for other tools' },
  ],
  run,
}

async function run(given: Given, context: Context): Promise<number> {
  const { stdout, stdin, env, interrupted } = context
  const interval = given.options.get('interval') as string | undefined
  const intervalMs = interval === undefined ? TOLD_MS : parseDurationMs('--interval', interval)
  if (intervalMs < TOLD_MS) throw new UsageError(`--interval ${interval}: the daemon tells its figures once a second`)
  const isOnce = given.options.has('once')
  const isJson = given.options.has('json')
  const isScreen = stdout.isTTY === true && env.TERM !== 'dumb' && !isOnce && !isJson
  const url = visible(shownUrl(urlOf(given, env)))
  const state = new TopState(url, isScreen && stdin.isTTY === true)
  const recall = isJson ? async () => {} : () => recallEarlier(state, given, context)
  const follower = new Follower(state, recall, isScreen ? null : new Notices(context))
  const bus = await connectBus(given, context, { name: 'sluice top', onStatus: follower.onStatus })
  const show: Show = isScreen
    ? new ScreenShow(state, intervalMs, context)
    : new FigurePrinter(state, { isOnce, isJson, intervalMs }, context)
  try {
    const waited = isOnce ? untilLate(interrupted) : new Promise<never>(() => {})
    const ended = await Promise.race([follower.follow(bus, show), show.over, waited, untilAborted(interrupted)])
    if (interrupted.aborted) return exitOfSignal(interrupted)
    return ended ?? Exit.OK
  } finally {
    follower.stop()
    await show.close()
    await bus.close()
  }
}

/** @throws Failure when there are still no figures */
async function untilLate(interrupted: AbortSignal): Promise<null> {
  await pause(FIRST_MS, interrupted)
  if (interrupted.aborted) return null
  throw new Failure(
    `connected, but nothing came on ${STATS_TOPIC} in ${seconds(FIRST_MS)}: the daemon stands still, or is of a version that does not tell`,
  )
}

function untilAborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null)
    signal.addEventListener('abort', () => resolve(null))
  })
}

/** Keeps the state up with the daemon. */
class Follower {
  readonly #state: TopState
  readonly #recall: () => Promise<void>
  readonly #notices: Notices | null
  #show: Show | null = null
  #heardMs = performance.now()
  #isConnected = true
  #watch: NodeJS.Timeout | undefined
  readonly #stopped = new AbortController()

  /** @param notices where words about the connection go; null when the picture has them */
  constructor(state: TopState, recall: () => Promise<void>, notices: Notices | null) {
    this.#state = state
    this.#recall = recall
    this.#notices = notices
  }

  /** Ends only by @throws Failure: the daemon refuses, closes for good, or tells what is not understood */
  follow(bus: Bus, show: Show): Promise<never> {
    this.#show = show
    this.#state.link = { isLive: true, says: 'connected' }
    show.update(false)
    this.#watch = setInterval(() => this.#noticeSilence(), TOLD_MS)
    return new Promise((_, reject) => {
      const fail = (error: unknown): void => {
        const isKnown = error instanceof SubscribeError || error instanceof ClosedError
        reject(isKnown ? new Failure(error.message) : error)
      }
      const read = async (): Promise<void> => {
        const subscription = bus.subscribe(STATS_TOPIC, { policy: 'conflate' })
        for await (const event of subscription) {
          const isFirst = this.#state.stats === null
          this.#take(statsOf(event.value))
          if (isFirst) await this.#waitForEarlier(fail)
          show.update(true)
        }
        // It ends without an error when the bus is closed, by us or by the daemon for good.
        await subscription.ready
        throw new Failure(`the daemon has closed the connection: ${this.#state.link.says}`)
      }
      read().catch(fail)
    })
  }

  stop(): void {
    clearInterval(this.#watch)
    this.#stopped.abort()
  }

  readonly onStatus = (status: Status): void => {
    this.#notices?.onStatus(status)
    const { says } = this.#state.link
    if (status.type === 'reconnecting') {
      this.#isConnected = false
      this.#tell(false, `reconnecting: ${status.reason || `code ${status.code}`}`)
    } else if (status.type === 'connected') {
      this.#isConnected = true
      this.#heardMs = performance.now()
      this.#tell(true, 'connected')
    } else if (status.type === 'goaway') this.#tell(false, status.reason || says)
    else if (status.type === 'closed') this.#tell(false, status.reason || `code ${status.code}`)
  }

  #take(stats: Stats | null): void {
    if (stats === null) {
      throw new Failure(`the daemon's figures are not understood: is it of the same version as this command?`)
    }
    this.#heardMs = performance.now()
    this.#state.take(stats)
    this.#state.link = { isLive: true, says: 'live' }
  }

  /** A screen is drawn at once, and again with the past; what is printed once is to have it. */
  async #waitForEarlier(fail: (error: unknown) => void): Promise<void> {
    const earlier = this.#recall().then(() => this.#show?.update(false), fail)
    if (this.#notices !== null) await Promise.race([earlier, pause(EARLIER_MS, this.#stopped.signal)])
  }

  #noticeSilence(): void {
    const silentMs = performance.now() - this.#heardMs
    if (this.#isConnected && silentMs > SILENCE_MS) this.#tell(false, `no figures for ${Math.floor(silentMs / 1000)}s`)
  }

  #tell(isLive: boolean, says: string): void {
    this.#state.link = { isLive, says }
    this.#show?.update(false)
  }
}
