import { type Bus, type BusEvent, ClosedError, type Gap } from '../client/index.js'
import { LANE_DEFAULT, LANES } from '../protocol/ops.js'
import { BUS_OPTIONS, busConnector } from './bus.js'
import { type Command, type Context, Exit, exitOfSignal, Failure, type Given, UsageError } from './command.js'
import { Notices } from './notices.js'
import { grouped, plural, seconds } from './numbers.js'
import { ProgressBar } from './progress.js'
import { settle } from './settle.js'
import { parseCount, parseLane, parseSize } from './units.js'
import { unlessAborted } from './waiting.js'

const EVENTS_DEFAULT = 1_000_000
const SIZE_BYTES_DEFAULT = 128
const BATCH_DEFAULT = 512
/** Each payload begins with the event's number, as a big-endian float64: whole numbers stay exact in it up to 2^53. */
const NUMBER_BYTES = 8
/** Bytes of payload that may be on their way: less than what waits for a subscriber by default, or the daemon would drop. */
const WINDOW_BYTES = 512 * 1024
/** A subscriber to whom nothing comes for so long will get nothing more of what was accepted. */
const QUIET_MS = 2_000

export const bench: Command = {
  name: 'bench',
  usage: ['bench [OPTION]…'],
  about: [
    'A quick load run against a daemon that is up: publishes numbered events and counts how they arrive. Publisher, subscribers and',
    "the client library share this one process, so the figure is theirs as much as the daemon's; npm run bench, in the",
    "project's directory, is the full suite, with generators that are faster than the daemon.",
  ],
  options: {
    ...BUS_OPTIONS,
    events: { value: 'N', short: 'n', help: `events to publish (default: ${grouped(EVENTS_DEFAULT)})` },
    size: { value: 'SIZE', help: `bytes of a payload, at least ${NUMBER_BYTES} (default: ${SIZE_BYTES_DEFAULT})` },
    batch: { value: 'N', help: `events published in one go (default: ${BATCH_DEFAULT}); 1: one event a message` },
    subscribers: { value: 'N', help: 'connections that each receive every event (default: 1)' },
    lane: { value: 'LANE', help: `0 (most urgent) to ${LANES - 1} (default: ${LANE_DEFAULT})` },
    topic: { value: 'TOPIC', help: 'topic to use (default: one of its own, bench.PID)' },
    json: { help: 'the result as one JSON object' },
  },
  positionalsMax: 0,
  examples: [
    { line: 'sluice bench', says: 'a million events of 128 bytes, one publisher, one subscriber' },
    { line: 'sluice bench --batch 1 --events 200000', says: 'every event a message of its own' },
    { line: 'sluice bench --subscribers 10 --size 1KiB --json', says: 'fan-out, for a script' },
  ],
  run,
}

interface Job {
  readonly events: number
  readonly sizeBytes: number
  readonly batch: number
  readonly subscribers: number
  readonly lane: number
  readonly topic: string
}

interface Result extends Job {
  readonly elapsedMs: number
  readonly published: number
  readonly refused: number
  readonly delivered: number
  readonly lost: number
  readonly outOfOrder: number
}

async function run(given: Given, context: Context): Promise<number> {
  const job = readJob(given)
  const notices = new Notices(context)
  const connect = busConnector(given, context)
  const open = (name: string): Promise<Bus> => connect({ name, onStatus: notices.onStatus })
  const buses: Bus[] = []
  try {
    const publisher = await open('sluice bench publisher')
    buses.push(publisher)
    const receivers: Receiver[] = []
    for (let i = 0; i < job.subscribers; i++) {
      const bus = await open('sluice bench subscriber')
      buses.push(bus)
      receivers.push(new Receiver(bus, job.topic))
    }
    await Promise.all(receivers.map((receiver) => receiver.ready))
    const result = await measure(job, publisher, receivers, context)
    if (context.interrupted.aborted) context.stderr.write('interrupted; so far:\n')
    context.stdout.write(given.options.has('json') ? `${JSON.stringify(result)}\n` : describe(result))
    if (context.interrupted.aborted) return exitOfSignal(context.interrupted)
    return result.lost + result.outOfOrder + result.refused === 0 ? Exit.OK : Exit.FAILED
  } catch (error) {
    if (error instanceof ClosedError) throw new Failure(error.message)
    if (error instanceof TypeError || error instanceof RangeError) throw new UsageError(error.message)
    throw error
  } finally {
    await Promise.all(buses.map((bus) => bus.close()))
  }
}

/** @throws UsageError */
function readJob({ options }: Given): Job {
  const count = (name: string, otherwise: number): number => {
    const text = options.get(name) as string | undefined
    return text === undefined ? otherwise : parseCount(`--${name}`, text)
  }
  const size = options.get('size') as string | undefined
  const sizeBytes = size === undefined ? SIZE_BYTES_DEFAULT : parseSize('--size', size)
  if (sizeBytes < NUMBER_BYTES) throw new UsageError(`--size ${size}: at least ${NUMBER_BYTES}, for the event's number`)
  const lane = options.get('lane') as string | undefined
  return {
    events: count('events', EVENTS_DEFAULT),
    sizeBytes,
    batch: count('batch', BATCH_DEFAULT),
    subscribers: count('subscribers', 1),
    lane: lane === undefined ? LANE_DEFAULT : parseLane('--lane', lane),
    topic: (options.get('topic') as string | undefined) ?? `bench.${process.pid}`,
  }
}

/** Counts what one connection receives and checks that the numbers rise one by one. */
class Receiver {
  received = 0
  outOfOrder = 0
  /** Events that will not come, as far as anybody knows. */
  missed = 0
  readonly ready: Promise<void>
  #next = 0

  constructor(bus: Bus, topic: string) {
    const onEvent = (event: BusEvent): void => this.#take(event)
    const onGap = ({ count }: Gap): void => {
      this.missed += count ?? 0
    }
    this.ready = bus.subscribe(topic, { onEvent, onGap }).ready
  }

  #take({ bytes }: BusEvent): void {
    const number = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(0)
    // A gap is counted as lost, at the end; only what comes too late or twice is out of order.
    if (number < this.#next) this.outOfOrder++
    else this.#next = number + 1
    this.received++
  }
}

async function measure(
  job: Job,
  publisher: Bus,
  receivers: readonly Receiver[],
  { stderr, interrupted }: Context,
): Promise<Result> {
  const bar = new ProgressBar(stderr, job.events)
  const slowest = (): number => Math.min(...receivers.map(({ received, missed }) => received + missed))
  const window = Math.max(job.batch, Math.floor(WINDOW_BYTES / job.sizeBytes))
  const payload = new Uint8Array(job.sizeBytes)
  const number = new DataView(payload.buffer)
  const startMs = performance.now()
  let sent = 0
  let unaccounted = 0
  while (sent < job.events && !interrupted.aborted) {
    let mayGoOn = true
    for (const end = Math.min(sent + job.batch, job.events); sent < end; sent++) {
      number.setFloat64(0, sent)
      mayGoOn = publisher.publishBytes(job.topic, payload, { lane: job.lane })
    }
    bar.show(slowest())
    if (!mayGoOn) await unlessAborted(publisher.ready(), interrupted)
    await turn()
    if (!(await arrivals(slowest, sent - window - unaccounted, bar, interrupted))) unaccounted = sent - slowest()
  }
  const synced = await settle(publisher, interrupted)
  const expected = synced?.accepted ?? publisher.counts.accepted
  await arrivals(slowest, expected, bar, interrupted)
  const elapsedMs = performance.now() - startMs
  bar.end()
  const delivered = receivers.reduce((sum, { received }) => sum + received, 0)
  return {
    ...job,
    elapsedMs,
    published: sent,
    refused: synced === undefined ? 0 : synced.refused + synced.dropped,
    delivered,
    lost: expected * receivers.length - delivered,
    outOfOrder: receivers.reduce((sum, { outOfOrder }) => sum + outOfOrder, 0),
  }
}

/** Waits until the slowest subscriber has so many events. False when they do not come. */
async function arrivals(
  slowest: () => number,
  expected: number,
  bar: ProgressBar,
  interrupted: AbortSignal,
): Promise<boolean> {
  let seen = slowest()
  let quietSinceMs = performance.now()
  while (seen < expected && !interrupted.aborted && performance.now() - quietSinceMs < QUIET_MS) {
    await turn()
    const now = slowest()
    if (now !== seen) quietSinceMs = performance.now()
    seen = now
    bar.show(seen)
  }
  return seen >= expected
}

function describe(result: Result): string {
  const { published, delivered, elapsedMs, sizeBytes, batch, subscribers, lost, outOfOrder, refused } = result
  const rate = (count: number): string => grouped((count * 1000) / elapsedMs)
  return [
    `${plural(published, 'event')} of ${sizeBytes} bytes, ${batch} in one go, to ${plural(subscribers, 'subscriber')} in ${seconds(elapsedMs)}:`,
    `${rate(published)} events/s in · ${rate(delivered)} deliveries/s out · ${grouped(lost)} lost · ${grouped(outOfOrder)} out of order · ${grouped(refused)} refused`,
    'Measured through the client library, all in one process; npm run bench is the full suite.',
    '',
  ].join('\n')
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
