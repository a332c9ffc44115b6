import type { StreamResult, StreamSpec } from '../generator/job.js'
import { atMost, shareOf, unlost } from '../report/floors.js'
import { BUS, flow, flowCase, latency, NEEDS_OUTBOX, rate, stream, subscriber } from './build.js'
import type { Figures, Scenario } from './scenario.js'

const URGENT = 'bench.0'
const FLOOD = 'bench.7'
const URGENT_PER_SECOND = 1000
/** Small chunks: what the generator itself holds up the urgent events is part of what is measured. */
const SPEC = { chunkBytesMax: 64 * 1024 }
/** Strict precedence of a stream of 0.01 % of the events must not show in the flood. */
const FLOOD_SHARE_MIN = 0.9

const VARIANTS = {
  alone: 'lane 7 alone',
  apart: 'lane 0 on its own connections',
  shared: 'lane 0 and 7 to one subscriber',
}

const urgent = stream(URGENT, 1, { lane: 0, eventsPerSecond: URGENT_PER_SECOND })
// As the socket takes it: whatever the capacity is, the flood is above it, and back-pressure holds back the rest.
const flood: StreamSpec = stream(FLOOD, 64, { lane: 7 })

/** Latency of lane 0, rate of lane 7. */
function both([first, second]: readonly StreamResult[]): Figures {
  return { ...latency([first]), ...rate([second]) }
}

export const priority: Scenario = {
  name: 'priority',
  title: 'lane 0 at 1,000/s, open loop, under a lane 7 flood above capacity (64 a frame)',
  ...BUS,
  peers: [],
  need: NEEDS_OUTBOX,
  cases: [
    flowCase(VARIANTS.alone, flow([flood], [subscriber([FLOOD], [0])], SPEC), rate),
    flowCase(VARIANTS.apart, flow([urgent, flood], [subscriber([URGENT], [0]), subscriber([FLOOD], [1])], SPEC), both),
    flowCase(VARIANTS.shared, flow([urgent, flood], [subscriber([URGENT, FLOOD], [0, 1])], SPEC), both),
  ],
  floors: [
    atMost('p99', 1000, { variant: VARIANTS.apart }),
    shareOf('rate', VARIANTS.apart, VARIANTS.alone, FLOOD_SHARE_MIN),
    atMost('p99', 1000, { variant: VARIANTS.shared }),
    shareOf('rate', VARIANTS.shared, VARIANTS.alone, FLOOD_SHARE_MIN),
    unlost(),
  ],
}
