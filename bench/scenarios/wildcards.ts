import { shareOf, unlost } from '../report/floors.js'
import { flow, flowCase, NEEDS_OUTBOX, placed, rate, stream, subscriber } from './build.js'
import type { FlowCase, Scenario } from './scenario.js'

const BATCH = 64
const TOPICS = 1000
/** A multiple of the batch and of the topics. */
const CYCLE_EVENTS = 64_000
const PATTERNS = [1, 1000, 10_000]
const CHURN_PER_SECOND = 1000
const STILL = 'patterns stay'
const CHURN = `${CHURN_PER_SECOND.toLocaleString('en')} (un)subscribes a second`
const SHARE_MIN = 0.8
const BASELINE = variant(1, STILL)

export const wildcards: Scenario = {
  name: 'wildcards',
  title:
    '1 → 1 over 1,000 topics through a.>, 64 events a frame, each on another topic, while others hold patterns a.*.x….> that match none',
  group: 'scale',
  ours: ['sluice'],
  peers: ['nats'],
  need: NEEDS_OUTBOX,
  axis: { label: 'patterns of others', isLogarithmic: true },
  runsMax: 3,
  measureMs: 1000,
  cases: [0, CHURN_PER_SECOND].flatMap((churnPerSecond) =>
    PATTERNS.map((patterns) => wildcardsCase(patterns, churnPerSecond)),
  ),
  floors: [...PATTERNS.map((patterns) => shareOf('rate', variant(patterns, CHURN), BASELINE, SHARE_MIN)), unlost()],
}

function wildcardsCase(patterns: number, churnPerSecond: number): FlowCase {
  const line = churnPerSecond > 0 ? CHURN : STILL
  const topics = { prefix: 'a.', digits: 4, suffix: '.c', count: TOPICS }
  const spec = flow([stream('', BATCH, { topics })], [subscriber(['a.>'], [0])], {
    cycleEvents: CYCLE_EVENTS,
    churnPerSecond,
    bystanders: { prefix: 'a.*.x', suffix: '.>', count: patterns },
  })
  return placed(flowCase(variant(patterns, line), spec, rate), patterns, line)
}

function variant(patterns: number, line: string): string {
  return `${patterns.toLocaleString('en')} ${patterns === 1 ? 'pattern' : 'patterns'}, ${line}`
}
