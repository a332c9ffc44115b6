import { unmovedBy } from '../report/beside.js'
import { atMost, unlost } from '../report/floors.js'
import { DEFAULTS } from '../subjects/subject.js'
import { flow, flowCase, latency, NEEDS_OUTBOX, PAYLOAD_BYTES, rate, stream, subscriber } from './build.js'
import type { FigureName, FlowCase, IdleCase, QueuedCase, Scenario } from './scenario.js'

const GROUP = 'memory'
const BOTH = ['sluice', 'sluice-streams'] as const
const RUNS_MAX = 3
/** What is full of events hardly differs from one run to the next, and takes its time to fill. */
const QUEUED_RUNS_MAX = 2

/** What a process has room for under a limit of 20,000 open files is the second; the third shows itself where the limit allows it. */
const CROWDS = [10_000, 18_000, 50_000]
const [SMALLEST_CROWD] = CROWDS
const LARGEST_CROWD = Math.max(...CROWDS)

function crowd(connections: number): IdleCase {
  return {
    kind: 'idle',
    variant: `${connections.toLocaleString('en')}`,
    // Beyond the first point it is our own growth that is looked at.
    withPeers: connections === SMALLEST_CROWD,
    batch: 0,
    payloadBytes: 0,
    connections,
    streamsEach: 0,
    x: connections,
  }
}

export const idle: Scenario = {
  name: 'idle',
  title: 'idle connections: resident memory each, beyond the empty daemon',
  group: GROUP,
  ours: BOTH,
  peers: ['nats-websocket', 'redis', 'mosquitto', 'socketio', 'ws'],
  need: { ...DEFAULTS, connectionsMax: LARGEST_CROWD + 100 },
  axis: { label: 'connections', isLogarithmic: true },
  runsMax: RUNS_MAX,
  cases: CROWDS.map(crowd),
  floors: [
    atMost('bytesEach', 8 * 1024, { variant: crowd(SMALLEST_CROWD).variant }),
    atMost('bytesEach', 16 * 1024, { variant: crowd(SMALLEST_CROWD).variant, of: 'sluice-streams' }),
  ],
}

const TOPIC = 'bench.one'
const PACED_PER_SECOND = 100_000
const BESIDE = `beside ${SMALLEST_CROWD.toLocaleString('en')} idle`
const FIREHOSE = flow([stream(TOPIC, 64)], [subscriber([TOPIC], [0])])
const SINGLE = flow([stream(TOPIC, 1)], [subscriber([TOPIC], [0])])
const PACED = flow([stream(TOPIC, 1, { eventsPerSecond: PACED_PER_SECOND })], [subscriber([TOPIC], [0])], {
  chunkBytesMax: 64 * 1024,
})
const VARIANTS = { firehose: '64 a frame', single: 'one a frame', paced: '100,000/s, one a frame' }

/** Once alone, and once beside a crowd that says nothing. */
function pair(variant: string, spec: FlowCase['flow'], figures: FlowCase['figures']): FlowCase[] {
  const alone = flowCase(variant, spec, figures, false)
  return [alone, { ...alone, variant: `${variant}, ${BESIDE}`, idleBeside: SMALLEST_CROWD }]
}

const RATE_SHARE = 0.1
/** A p99 of two runs of the same differs by about as much on a machine with two virtual cores. */
const P99_SHARE = 0.25

export const firehoseBesideIdle: Scenario = {
  name: 'firehose-beside-idle',
  title: `1 → 1 alone and beside ${SMALLEST_CROWD.toLocaleString('en')} connections that say nothing`,
  group: GROUP,
  ours: BOTH,
  peers: [],
  need: { ...NEEDS_OUTBOX, connectionsMax: SMALLEST_CROWD + 100 },
  runsMax: RUNS_MAX,
  cases: [
    ...pair(VARIANTS.firehose, FIREHOSE, rate),
    ...pair(VARIANTS.single, SINGLE, rate),
    ...pair(VARIANTS.paced, PACED, latency),
  ],
  floors: [
    ...BOTH.flatMap((of) => {
      const unmoved = (figure: FigureName, variant: string, share: number) =>
        unmovedBy(of, figure, variant, `${variant}, ${BESIDE}`, share)
      return [
        unmoved('rate', VARIANTS.firehose, RATE_SHARE),
        unmoved('rate', VARIANTS.single, RATE_SHARE),
        unmoved('p99', VARIANTS.paced, P99_SHARE),
      ]
    }),
    unlost(),
  ],
}

/** Room for the queue, twice: the limits are not what is measured. */
const QUEUE_BYTES_MAX = 768 * 1024 * 1024
const QUEUED_MAX = 1_000_000
/** Payloads, and how many events of each are some hundred megabytes at most. */
const QUEUES = [
  { payloadBytes: 16, events: QUEUED_MAX },
  { payloadBytes: PAYLOAD_BYTES, events: QUEUED_MAX },
  { payloadBytes: 1024, events: 250_000 },
] as const
const BATCHES = [1, 64]

function queuedVariant(payloadBytes: number, batch: number): string {
  return `${payloadBytes} B, ${batch === 1 ? 'one' : batch} a frame`
}

export const queuedMemory: Scenario = {
  name: 'queued-memory',
  title: 'events queued for a subscriber that does not read: resident memory each',
  group: GROUP,
  ours: BOTH,
  peers: [],
  need: {
    ...DEFAULTS,
    outboxBytesMax: QUEUE_BYTES_MAX,
    memoryBytesMax: QUEUE_BYTES_MAX,
    outboxEventsMax: 2 * QUEUED_MAX,
  },
  axis: { label: 'payload, B', isLogarithmic: true },
  runsMax: QUEUED_RUNS_MAX,
  cases: QUEUES.flatMap(({ payloadBytes, events }) =>
    BATCHES.map((batch): QueuedCase => {
      const variant = queuedVariant(payloadBytes, batch)
      const line = batch === 1 ? 'one a frame' : `${batch} a frame`
      return { kind: 'queued', variant, withPeers: false, batch, payloadBytes, events, x: payloadBytes, line }
    }),
  ),
  floors: [
    ...BOTH.flatMap((of) =>
      BATCHES.map((batch) => atMost('bytesEach', 256, { of, variant: queuedVariant(PAYLOAD_BYTES, batch) })),
    ),
    unlost(),
  ],
}
