import { shareOf, unlost } from '../report/floors.js'
import { flow, flowCase, NEEDS_OUTBOX, placed, rate, stream, subscriber } from './build.js'
import type { FlowCase, Scenario } from './scenario.js'

const BATCH = 64
/** Room for a million, so that an event is as long with few topics as with many. */
const DIGITS = 6
const COUNTS = [1, 10, 1000, 100_000]
/** As many exact subscriptions as one connection has by default. */
const EXACT_COUNTS = [1, 2, 10, 1000]
const MANY = 100_000
const MILLION = 1_000_000
/** A multiple of the batch and of all small numbers of topics; larger ones have each topic twice, so that a doubled event is no other. */
const CYCLE_EVENTS = 64_000
const CHURN_PER_SECOND = 1000
const SHARE_MIN = 0.8
const PATTERN = 'a.>'
const EXACT = 'each subscribed'
const CHURN = `${CHURN_PER_SECOND.toLocaleString('en')} (un)subscribes a second`

const BASELINE = variant(2, EXACT)
const CHURNED = ['a.*.c', PATTERN].map((pattern) => `through ${pattern}, ${CHURN}`)
const BOUND = [variant(MANY, through(PATTERN)), ...CHURNED.map((line) => variant(MANY, line))]

/** Each event has another topic than the one before, so that every event is a run of its own. */
export const topics: Scenario = {
  name: 'topics',
  title: '1 → 1 by the number of topics, 64 events a frame, each event on another topic',
  group: 'scale',
  ours: ['sluice'],
  peers: ['nats', 'redis', 'mosquitto'],
  need: NEEDS_OUTBOX,
  axis: { label: 'topics', isLogarithmic: true },
  runsMax: 3,
  measureMs: 1000,
  cases: [
    ...COUNTS.map((count) => topicsCase(count, PATTERN, { withPeers: true })),
    ...EXACT_COUNTS.map(exactCase),
    topicsCase(MANY, 'a.*.c', { churnPerSecond: CHURN_PER_SECOND }),
    topicsCase(MANY, PATTERN, { churnPerSecond: CHURN_PER_SECOND }),
  ],
  floors: [...BOUND.map((name) => shareOf('rate', name, BASELINE, SHARE_MIN)), unlost()],
}

export const topicsMillion: Scenario = {
  name: 'topics-million',
  title:
    '1 → 1 over 1,000,000 topics, 64 events a frame, each event on another topic; the daemon’s table has room for all',
  group: 'scale',
  ours: ['sluice'],
  peers: ['nats', 'redis', 'mosquitto'],
  need: { ...NEEDS_OUTBOX, topicsMax: 1_048_576 },
  runsMax: 3,
  measureMs: 1000,
  cases: [topicsCase(MILLION, PATTERN, { withPeers: true })],
  floors: [unlost()],
}

function topicsCase(
  count: number,
  pattern: string,
  { withPeers = false, churnPerSecond = 0 }: { withPeers?: boolean; churnPerSecond?: number },
): FlowCase {
  const line = churnPerSecond > 0 ? `through ${pattern}, ${CHURN}` : through(pattern)
  const spec = flow([over(count)], [subscriber([pattern], [0])], { cycleEvents: cycleOf(count), churnPerSecond })
  return placed(flowCase(variant(count, line), spec, rate, withPeers), count, line)
}

function exactCase(count: number): FlowCase {
  const patterns = Array.from({ length: count }, (_, i) => `a.${String(i).padStart(DIGITS, '0')}.c`)
  const spec = flow([over(count)], [subscriber(patterns, [0])], { cycleEvents: cycleOf(count) })
  return placed(flowCase(variant(count, EXACT), spec, rate, false), count, EXACT)
}

function over(count: number) {
  return stream('', BATCH, { topics: { prefix: 'a.', digits: DIGITS, suffix: '.c', count } })
}

function cycleOf(count: number): number {
  return Math.max(CYCLE_EVENTS, 2 * count)
}

function through(pattern: string): string {
  return `through ${pattern}`
}

function variant(count: number, line: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'topic' : 'topics'}, ${line}`
}
