import type { StreamResult } from '../generator/job.js'
import { atMost, unlost } from '../report/floors.js'
import { flow, flowCase, latencyAndRate, NEEDS_OUTBOX, stream, subscriber } from './build.js'
import type { Figures, FlowCase, Scenario } from './scenario.js'

const PERCENT_OF_CAPACITY = [80, 100, 120, 150, 200]
/** Where the daemon has least to spare and the generator most: the overload is the daemon's, and the generator can be shown to do twice as much. */
const BATCH = 1
const RUNS_MAX = 3
/** Of all events. Urgent ones are few, or they would not be urgent. */
const LANES = [
  { lane: 0, share: 0.01 },
  { lane: 3, share: 0.09 },
  { lane: 7, share: 0.9 },
] as const
const OVERLOADS = PERCENT_OF_CAPACITY.filter((percent) => percent >= 100)
/** Lane 0 has a hundredth of the load and goes first: no overload of the others may reach it. */
const URGENT_P99_US_MAX = 5000

const topicOf = (lane: number) => `bench.${lane}`
const variantOf = (percent: number) => `${percent} % load`

/** A publisher for each lane, so that what is held back of one holds back no other; one subscriber, with a pattern for each, so that gaps tell of which lane they are. */
const spec = flow(
  LANES.map(({ lane }) => stream(topicOf(lane), BATCH, { lane })),
  [
    subscriber(
      LANES.map(({ lane }) => topicOf(lane)),
      LANES.map((_, i) => i),
    ),
  ],
  { chunkBytesMax: 64 * 1024 },
)

function byLane(streams: readonly StreamResult[]): Figures {
  const [urgent, usual, bulk] = streams
  const dropped = ({ missed, published }: StreamResult) => (missed / published) * 100
  return {
    rate: latencyAndRate(streams).rate ?? 0,
    'send late p99': latencyAndRate(streams)['send late p99'] ?? 0,
    'lane 0 p50': urgent.latency?.p50Us ?? 0,
    'lane 0 p99': urgent.latency?.p99Us ?? 0,
    'lane 3 p99': usual.latency?.p99Us ?? 0,
    'lane 7 p99': bulk.latency?.p99Us ?? 0,
    'lane 0 held back': urgent.latency?.heldBackP99Us ?? 0,
    'lane 3 held back': usual.latency?.heldBackP99Us ?? 0,
    'lane 7 held back': bulk.latency?.heldBackP99Us ?? 0,
    'lane 0 dropped': dropped(urgent),
    'lane 3 dropped': dropped(usual),
    'lane 7 dropped': dropped(bulk),
  }
}

export const priorityLoad: Scenario = {
  name: 'priority-load',
  title: 'lanes 0, 3 and 7 with 1, 9 and 90 % of the events, at 80 to 200 % of capacity; one a frame, open loop',
  group: 'load',
  ours: ['sluice'],
  peers: [],
  need: NEEDS_OUTBOX,
  runsMax: RUNS_MAX,
  axis: { label: 'load, % of capacity', isLogarithmic: false },
  cases: PERCENT_OF_CAPACITY.map(
    (percent): FlowCase => ({
      ...flowCase(variantOf(percent), spec, byLane, false),
      x: percent,
      load: { percent, shares: LANES.map(({ share }) => share) },
      asks: { routing: false, account: true },
      mayMiss: true,
    }),
  ),
  floors: [
    ...OVERLOADS.map((percent) => atMost('lane 0 p99', URGENT_P99_US_MAX, { variant: variantOf(percent) })),
    ...OVERLOADS.map((percent) => atMost('lane 0 dropped', 0, { variant: variantOf(percent) })),
    unlost(),
  ],
}
