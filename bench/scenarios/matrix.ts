import { unlost } from '../report/floors.js'
import { flow, flowCase, NEEDS_OUTBOX, placed, rateAndPayload, stream, subscriber } from './build.js'
import type { FlowCase, Scenario } from './scenario.js'

const TOPIC = 'bench.one'
const BATCHES = [1, 4, 16, 64, 256, 512]
/** Where peers are measured too: what is published one by one, and in batches. */
const PEER_BATCHES = [1, 64]
const AXIS = { label: 'events a frame', isLogarithmic: true }
const PORTS = ['sluice', 'sluice-streams'] as const
const KIB = 1024
const MIB = 1024 * KIB
/** By default a message holds 1 MiB. */
const MESSAGE_BYTES_MAX = MIB
/** What may be under way to the one subscriber is more events than an outbox takes by default when they are small: all of it, twice. */
const NEED = { ...NEEDS_OUTBOX, outboxEventsMax: 1024 * 1024 }
/** A frame of one event around its payload, at most: op, topic, flags, lengths. */
const EVENT_OVERHEAD_BYTES = 32

/** Multiples of all batches, 2 to 15 MB of deliveries each: more than a cache holds, and encoded within a second. */
const CYCLES = [
  { payloadBytes: 16, cycleEvents: 512 * 127 },
  { payloadBytes: 128, cycleEvents: 512 * 127 },
  { payloadBytes: 1024, cycleEvents: 512 * 31 },
  { payloadBytes: 4096, cycleEvents: 512 * 7 },
]
const POINTS = CYCLES.flatMap((cycle) => BATCHES.map((batch) => ({ ...cycle, batch })))

export const firehoseMatrix: Scenario = {
  name: 'firehose-matrix',
  title: '1 → 1 by events a frame and payload, as far as a frame fits the largest message (1 MiB)',
  group: 'scale',
  ours: PORTS,
  peers: ['nats'],
  need: NEED,
  axis: AXIS,
  runsMax: 2,
  measureMs: 700,
  cases: POINTS.filter(fitsByDefault).map(matrixCase),
  floors: [unlost()],
}

export const firehoseLarge: Scenario = {
  name: 'firehose-large',
  title: '1 → 1 in frames of more than 1 MiB: messages of 4 MiB are allowed',
  group: 'scale',
  ours: PORTS,
  peers: [],
  need: { ...NEED, messageBytesMax: 4 * MIB },
  axis: AXIS,
  runsMax: 3,
  measureMs: 700,
  cases: POINTS.filter((point) => !fitsByDefault(point)).map(matrixCase),
  floors: [unlost()],
}

interface Point {
  batch: number
  payloadBytes: number
  cycleEvents: number
}

function fitsByDefault({ batch, payloadBytes }: Point): boolean {
  return batch * (payloadBytes + EVENT_OVERHEAD_BYTES) <= MESSAGE_BYTES_MAX
}

function matrixCase({ batch, payloadBytes, cycleEvents }: Point): FlowCase {
  const spec = flow([stream(TOPIC, batch)], [subscriber([TOPIC], [0])], { payloadBytes, cycleEvents })
  const line = `${payloadBytes.toLocaleString('en')} B`
  const variant = `${line}, ${batch} a frame`
  const withPeers = PEER_BATCHES.includes(batch)
  return placed(flowCase(variant, spec, rateAndPayload(payloadBytes), withPeers), batch, line)
}
