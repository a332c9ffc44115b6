import { shareOf, unlost } from '../report/floors.js'
import { BUS, flow, flowCase, NEEDS_OUTBOX, rate, stream, subscriber } from './build.js'
import type { Scenario } from './scenario.js'

const TOPICS = 100_000
const DIGITS = 5
/** A multiple of the topics and of the batch. */
const CYCLE_EVENTS = 2 * TOPICS
const BATCH = 64
const CHURN_PER_SECOND = 1000
const SHARE_MIN = 0.8
const BASELINE = 'two topics in turn'

/** Topics `a.NNNNN.c`, another one with each event, so that every event is a run of its own. */
function over(count: number, patterns: string[], churnPerSecond: number) {
  const topics = { prefix: 'a.', digits: DIGITS, suffix: '.c', count }
  const spec = { cycleEvents: CYCLE_EVENTS, churnPerSecond }
  return flow([stream('', BATCH, { topics })], [subscriber(patterns, [0])], spec)
}

const VARIANTS = {
  every: '100,000 topics',
  star: '100,000 topics through a.*.c, churn',
  rest: '100,000 topics through a.>, churn',
}

export const topics100k: Scenario = {
  name: 'topics-100k',
  title: '1 → 1 over 100,000 topics, 64 events a frame, each a run of its own; churn: 1,000 (un)subscribes a second',
  ...BUS,
  peers: [],
  need: NEEDS_OUTBOX,
  cases: [
    flowCase(BASELINE, over(2, ['a.00000.c', 'a.00001.c'], 0), rate),
    flowCase(VARIANTS.every, over(TOPICS, ['a.>'], 0), rate),
    flowCase(VARIANTS.star, over(TOPICS, ['a.*.c'], CHURN_PER_SECOND), rate),
    flowCase(VARIANTS.rest, over(TOPICS, ['a.>'], CHURN_PER_SECOND), rate),
  ],
  floors: [...Object.values(VARIANTS).map((variant) => shareOf('rate', variant, BASELINE, SHARE_MIN)), unlost()],
}
