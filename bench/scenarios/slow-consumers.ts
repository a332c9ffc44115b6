import type { SlowReads, StreamResult } from '../generator/job.js'
import { type Floor, shareOf, timesOf, unlost } from '../report/floors.js'
import { flow, flowCase, latencyAndRate, NEEDS_NOTHING, SMALL_CYCLE_EVENTS, stream, subscriber } from './build.js'
import type { Figures, FlowCase, Scenario } from './scenario.js'

const TOPIC = 'bench.one'
const SUBSCRIBERS = 100
const SLOW = [0, 10, 50] as const
const BATCH = 64
const RUNS_MAX = 3
/** Some 3 MB a second to each: a frozen outbox is full within half a second, and nobody is near what it can take. */
const EVENTS_PER_SECOND = 20_000
/** Frozen, or at a fifth of what comes. */
const HOW: { readonly [name: string]: SlowReads } = {
  frozen: { pauseMs: null },
  slow: { pauseMs: 100 },
}
/** What the others may notice of it. */
const RATE_SHARE_MIN = 0.9
const P99_TIMES_MAX = 1.1

const ALONE = 'nobody slow'
const variantOf = (slow: number, how: string) => (slow === 0 ? ALONE : `${slow} of ${SUBSCRIBERS} ${how}`)

/** Of those who read at once. */
function ofReaders(streams: readonly StreamResult[]): Figures {
  const rate = streams.reduce((sum, each) => sum + each.deliveredToReadersPerSecond, 0)
  return { ...latencyAndRate(streams), rate }
}

function crowd(slow: number, how: string): FlowCase {
  const subscribers = Array.from({ length: SUBSCRIBERS }, (_, i) => ({
    ...subscriber([TOPIC], [0]),
    ...(i < slow && { reads: HOW[how] }),
  }))
  const spec = flow([stream(TOPIC, BATCH, { eventsPerSecond: EVENTS_PER_SECOND })], subscribers, {
    // A gap has to be shorter than half a cycle where nobody tells how long it is.
    cycleEvents: SMALL_CYCLE_EVENTS,
    chunkBytesMax: 64 * 1024,
  })
  const item = flowCase(variantOf(slow, how), spec, ofReaders)
  return { ...item, x: slow, line: how, asks: { routing: false, account: true }, mayMiss: true }
}

const CASES = [crowd(0, 'frozen'), ...Object.keys(HOW).flatMap((how) => SLOW.slice(1).map((slow) => crowd(slow, how)))]

export const slowConsumers: Scenario = {
  name: 'slow-consumers',
  title: `1 → ${SUBSCRIBERS} at ${EVENTS_PER_SECOND / 1000} k/s, 64 a frame, of whom some read slowly or not at all; figures of the others; open loop`,
  group: 'load',
  ours: ['sluice'],
  // They give a slow subscriber up when its buffer is full (64 and 32 MiB by default), and tell it nothing of what it misses.
  peers: ['nats', 'redis'],
  need: NEEDS_NOTHING,
  runsMax: RUNS_MAX,
  axis: { label: 'slow subscribers', isLogarithmic: false },
  cases: CASES,
  floors: [
    ...CASES.slice(1).flatMap(({ variant, x = 0 }): Floor[] => [
      shareOf('rate', variant, ALONE, (RATE_SHARE_MIN * (SUBSCRIBERS - x)) / SUBSCRIBERS),
      timesOf('p99', variant, ALONE, P99_TIMES_MAX),
    ]),
    unlost(),
  ],
}
