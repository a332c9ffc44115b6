import { atMost, noWorse, unlost } from '../report/floors.js'
import type { OurName, PeerName } from '../subjects/subject.js'
import { flow, flowCase, latencyAndRate, NEEDS_BACKLOG, stream, subscriber } from './build.js'
import type { FlowCase, Scenario } from './scenario.js'

const TOPIC = 'bench.one'
/** A curve has many points: few runs of each, and short ones. */
const RUNS_MAX = 2
const MEASURE_MS = 1000
/** Where a curve bends is above three quarters. */
const PERCENT_OF_CAPACITY = [10, 25, 50, 75, 90, 95]
const PEERS: readonly PeerName[] = ['nats', 'nats-websocket', 'redis', 'mosquitto']
/** Small chunks: what is read in one go holds up what is to be sent. */
const SPEC = { chunkBytesMax: 64 * 1024 }

const BATCHES = { 'one a frame': 1, '16 a frame': 16 } as const
type Line = keyof typeof BATCHES

function loaded(line: Line, percent: number, of?: OurName): FlowCase {
  const spec = flow([stream(TOPIC, BATCHES[line])], [subscriber([TOPIC], [0])], SPEC)
  const load = { percent, shares: [1], ...(of !== undefined && { of }) }
  return { ...flowCase('', spec, latencyAndRate), load }
}

export const loadCurve: Scenario = {
  name: 'load-curve',
  title: '1 → 1, latency against load, each subject’s own capacity being 100 %; open loop from the intended send time',
  group: 'latency',
  ours: ['sluice', 'sluice-streams'],
  peers: PEERS,
  need: NEEDS_BACKLOG,
  runsMax: RUNS_MAX,
  measureMs: MEASURE_MS,
  axis: { label: 'load, % of capacity', isLogarithmic: false },
  cases: (Object.keys(BATCHES) as Line[]).flatMap((line) =>
    PERCENT_OF_CAPACITY.map((percent) => ({
      ...loaded(line, percent),
      variant: `${line}, ${percent} %`,
      line,
      x: percent,
    })),
  ),
  floors: [unlost()],
}

const HALF = 50
const P99_US_MAX = 1000

/** One row for each of our ports and batches; peers are put under the same rate in events a second. */
const HALVES = (['sluice', 'sluice-streams'] as const).flatMap((of) =>
  (Object.keys(BATCHES) as Line[]).map((line) => ({ of, line, variant: `${line}, half of ${of}` })),
)

export const halfLoad: Scenario = {
  name: 'half-load',
  title: '1 → 1, end to end at half of what our daemon can take; peers at the same rate, where they can; open loop',
  group: 'latency',
  ours: ['sluice', 'sluice-streams'],
  peers: PEERS,
  need: NEEDS_BACKLOG,
  runsMax: 3,
  cases: HALVES.map(({ of, line, variant }) => ({ ...loaded(line, HALF, of), variant, only: [of] })),
  floors: [
    ...HALVES.flatMap(({ of, variant }) => [
      atMost('p99', P99_US_MAX, { of, variant }),
      ...PEERS.map((peer) => noWorse('p99.9', peer, { of, variant })),
    ]),
    unlost(),
  ],
}
