import type { Bus, BusEvent, Gap, SubscribeOptions, Subscription } from '../client/index.js'
import { ClosedError, SubscribeError } from '../client/index.js'
import { POLICIES, type Policy } from '../protocol/ops.js'
import { topicMatches } from '../protocol/topic.js'
import type { OptionValues } from './arguments.js'
import { BUS_OPTIONS, connectBus } from './bus.js'
import { type Command, type Context, Exit, exitOfSignal, Failure, type Given, UsageError } from './command.js'
import { type Formatter, harmlessJson, ndjson, pretty } from './format.js'
import { didYouMean } from './nearest.js'
import { Notices } from './notices.js'
import { grouped, perSecond, plural, seconds } from './numbers.js'
import { Output } from './output.js'
import { styleFor } from './style.js'
import { parseCount, parseDurationMs, parseSize } from './units.js'

const PATTERNS_MAX = 64
/** What may wait here while the output's reader pauses. From half of it on, more waits with the daemon, by --policy. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024
const WAITING_EVENTS_MAX = 250_000
const NEWLINE = new Uint8Array([0x0a])

export const sub: Command = {
  name: 'sub',
  usage: ['sub PATTERN… [OPTION]…'],
  about: [
    'Prints the events of all topics that match, as they come. A pattern is a topic in which * stands for one',
    'token and > for one or more at the end: orders.*.created, logs.>. Quote it, so that the shell leaves it alone.',
    'On a terminal: topic and value, in colours. In a pipe or a file: one JSON object a line, with topic, lane,',
    'time (of arrival), value, and metadata if there is any. A reader that is too slow loses no event silently:',
    'what the daemon had to drop is told on stderr.',
  ],
  options: {
    ...BUS_OPTIONS,
    lane: { help: 'terminal: show the lane' },
    time: { help: 'terminal: show the time of arrival' },
    json: { help: 'JSON lines, on a terminal too' },
    raw: { help: "only the payload's bytes, each followed by a line end" },
    count: { value: 'N', short: 'n', help: 'end after N events' },
    duration: { value: 'TIME', help: 'end after a time such as 500ms, 10s, 5m' },
    policy: { value: 'POLICY', help: `when this reader is too slow: ${POLICIES.join(', ')} (default: the daemon's)` },
    'bytes-max': { value: 'SIZE', help: 'how much may wait in the daemon for this reader, such as 256KiB' },
    'events-max': { value: 'N', help: 'how many events may wait in the daemon for this reader' },
  },
  positionalsMax: PATTERNS_MAX,
  examples: [
    { line: "sluice sub 'logs.>' --lane --time", says: 'watch everything under logs' },
    { line: "sluice sub 'orders.*.created' | jq .value.id", says: 'JSON lines for other tools' },
    { line: "sluice sub 'logs.>' --raw --count 100 > sample.log", says: 'payloads only, and end after 100' },
    { line: "sluice sub 'prices.>' --policy conflate", says: 'only the latest of each topic, when they come too fast' },
  ],
  run: subscribe,
}

/** A command line of `sub`, understood. */
interface Job {
  readonly patterns: readonly string[]
  readonly options: SubscribeOptions
  readonly count: number
  readonly durationMs: number | undefined
}

async function subscribe(given: Given, context: Context): Promise<number> {
  const job = readJob(given)
  const notices = new Notices(context)
  const bus = await connectBus(given, context, { name: 'sluice sub', onStatus: notices.onStatus })
  const follower = new Follower(bus, job, printer(given, context), notices)
  const stop = (): void => follower.stop()
  context.interrupted.addEventListener('abort', stop)
  if (context.interrupted.aborted) stop()
  const timer = job.durationMs === undefined ? undefined : setTimeout(stop, job.durationMs)
  try {
    await follower.run()
  } finally {
    clearTimeout(timer)
    await bus.close()
  }
  if (context.interrupted.aborted || job.durationMs !== undefined) context.stderr.write(`${follower.summary()}\n`)
  if (context.interrupted.aborted) return exitOfSignal(context.interrupted)
  return Exit.OK
}

/** @throws UsageError */
function readJob({ positionals, options }: Given): Job {
  if (positionals.length === 0) throw new UsageError("sub needs a PATTERN, such as 'orders.>'")
  const text = (name: string): string | undefined => options.get(name) as string | undefined
  const policy = text('policy')
  if (policy !== undefined && !POLICIES.includes(policy as Policy)) {
    throw new UsageError(`--policy ${policy}: not one of ${POLICIES.join(', ')}${didYouMean(policy, POLICIES)}`)
  }
  const bytesMax = text('bytes-max')
  const eventsMax = text('events-max')
  const count = text('count')
  const duration = text('duration')
  return {
    patterns: [...new Set(positionals)],
    options: {
      ...(policy !== undefined && { policy: policy as Policy }),
      ...(bytesMax !== undefined && { bytesMax: parseSize('--bytes-max', bytesMax) }),
      ...(eventsMax !== undefined && { eventsMax: parseCount('--events-max', eventsMax) }),
      bufferMax: WAITING_EVENTS_MAX,
      bufferBytesMax: WAITING_BYTES_MAX,
    },
    count: count === undefined ? Number.POSITIVE_INFINITY : parseCount('--count', count),
    durationMs: duration === undefined ? undefined : parseDurationMs('--duration', duration),
  }
}

/** Where events go, one after the other. */
interface Printer {
  readonly output: Output
  print(event: BusEvent): void
}

function printer({ options }: Given, { stdout, env }: Context): Printer {
  const output = new Output(stdout)
  if (options.has('raw')) {
    return {
      output,
      print: (event) => {
        output.writeBytes(event.bytes)
        output.writeBytes(NEWLINE)
      },
    }
  }
  const format = formatter(options, stdout, env)
  return { output, print: (event) => output.write(`${format(event, Date.now())}\n`) }
}

function formatter(options: OptionValues, stdout: Context['stdout'], env: Context['env']): Formatter {
  const json = ndjson()
  if (stdout.isTTY !== true) return json
  if (options.has('json')) return (event, timeMs) => harmlessJson(json(event, timeMs))
  return pretty({ time: options.has('time'), lane: options.has('lane') }, styleFor(stdout, env))
}

/** Follows all patterns of a command line until told to stop, or until there is nothing more to come. */
class Follower {
  readonly #subscriptions: readonly Subscription[]
  readonly #printer: Printer
  readonly #count: number
  readonly #notices: Notices
  readonly #startMs = performance.now()
  #received = 0
  #missed = 0
  #endMs = 0

  constructor(bus: Bus, job: Job, printer: Printer, notices: Notices) {
    this.#printer = printer
    this.#count = job.count
    this.#notices = notices
    this.#subscriptions = job.patterns.map((pattern) => {
      try {
        return bus.subscribe(pattern, { ...job.options, onGap: (gap) => this.#tellGap(gap) })
      } catch (error) {
        throw error instanceof TypeError || error instanceof RangeError ? new UsageError(error.message) : error
      }
    })
    printer.output.onGone(() => this.stop())
  }

  /** @throws Failure when the daemon refuses, the connection ends for good, or the output fails */
  async run(): Promise<void> {
    const { output } = this.#printer
    try {
      await Promise.all(this.#subscriptions.map((subscription, index) => this.#follow(subscription, index)))
    } catch (error) {
      if (!(error instanceof SubscribeError) && !(error instanceof ClosedError)) throw error
      throw new Failure(error.message)
    } finally {
      this.stop()
      output.flush()
      await output.drained()
    }
    if (output.failure !== undefined) throw new Failure(`cannot write: ${output.failure.message}`)
  }

  /** What has arrived already is not printed any more: whoever stops it has seen enough. */
  stop(): void {
    if (this.#endMs > 0) return
    this.#endMs = performance.now()
    for (const subscription of this.#subscriptions) void subscription.return()
  }

  summary(): string {
    const elapsedMs = this.#endMs - this.#startMs
    return [
      `${plural(this.#received, 'event')} in ${seconds(elapsedMs)}`,
      perSecond(this.#received, elapsedMs),
      this.#missedText(),
    ].join(' · ')
  }

  #missedText(): string {
    const missed = this.#missed === 0 ? 'none missed' : `${grouped(this.#missed)} missed`
    const { breaks } = this.#notices
    if (breaks === 0) return missed
    return `${missed} · connection lost ${plural(breaks, 'time')}, what passed meanwhile is not counted`
  }

  async #follow(subscription: Subscription, index: number): Promise<void> {
    const { output, print } = this.#printer
    const earlier = this.#subscriptions.slice(0, index)
    for await (const event of subscription) {
      if (this.#endMs > 0) return
      // Where patterns overlap, the library hands the event to each subscription.
      if (earlier.some(({ pattern }) => topicMatches(pattern, event.topic))) continue
      print(event)
      if (++this.#received >= this.#count) return this.stop()
      if (output.full) await output.drained()
    }
  }

  #tellGap({ pattern, count, reason }: Gap): void {
    if (count === null) {
      this.#notices.say(`the connection was replaced: nobody knows how many events of ${pattern} passed meanwhile`)
      return
    }
    this.#missed += count
    this.#notices.say(`missed ${plural(count, 'event')} of ${pattern} (${reason})`)
  }
}
