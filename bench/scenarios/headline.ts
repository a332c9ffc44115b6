import type { FlowResult, StreamResult } from '../generator/job.js'
import { atLeast, atMost, unlost } from '../report/floors.js'
import { flow, flowCase, latencyAndRate, NEEDS_BACKLOG, stream, subscriber } from './build.js'
import type { Figures, FlowCase, Scenario } from './scenario.js'

const TOPIC = 'bench.one'
const EVENTS_PER_SECOND = 1_800_000
const BATCH = 64
/** A little less than what one read of a socket brings. */
const LARGE_BATCH = 256
const LARGE = `${LARGE_BATCH} a frame`
/** A run in which less came out did not bear the load. */
const RATE_SHARE_MIN = 0.99
const P99_US_MAX = 10_000
const P99_US_GOAL = 1000
const CPU_PERCENT_MAX = 50
const CPU_PERCENT_GOAL = 20
const ROUTING_P99_US_MAX = 500
const ROUTING_P999_US_MAX = 1000

const OURS = ['sluice', 'sluice-streams'] as const

function figures(streams: readonly StreamResult[], result: FlowResult): Figures {
  const { subjectCpuPercent, subjectMainCpuPercent, routing } = result
  return {
    ...latencyAndRate(streams),
    cpu: subjectCpuPercent,
    ...(routing !== null && {
      // Of a peer nobody knows what its first thread is for.
      'main cpu': subjectMainCpuPercent,
      'routing p50': routing.p50Us,
      'routing p99': routing.p99Us,
      'routing p99.9': routing.p999Us,
    }),
  }
}

function paced(variant: string, batch: number): FlowCase {
  const spec = flow([stream(TOPIC, batch, { eventsPerSecond: EVENTS_PER_SECOND })], [subscriber([TOPIC], [0])], {
    cycleEvents: LARGE_BATCH * 127,
    chunkBytesMax: 64 * 1024,
  })
  return { ...flowCase(variant, spec, figures), asks: { routing: true, account: false } }
}

export const headline: Scenario = {
  name: 'headline',
  title:
    '1.8 M events/s in and out, 64 a frame, open loop: end to end, processor time, and routing by the daemon’s own account',
  group: 'latency',
  ours: OURS,
  peers: ['nats', 'nats-websocket', 'redis', 'mosquitto'],
  need: NEEDS_BACKLOG,
  cases: [
    { ...paced('', BATCH), isQuick: true },
    // Nearer to what a client sends that publishes in bursts: the system calls of a message are shared by more events.
    { ...paced(LARGE, LARGE_BATCH), withPeers: false },
  ],
  floors: [
    ...OURS.flatMap((of) => [
      atLeast('rate', RATE_SHARE_MIN * EVENTS_PER_SECOND, { of }),
      atMost('p99', P99_US_MAX, { of }),
      atMost('p99', P99_US_GOAL, { of }),
      atMost('cpu', CPU_PERCENT_MAX, { of }),
      atMost('cpu', CPU_PERCENT_GOAL, { of }),
      atMost('routing p99', ROUTING_P99_US_MAX, { of }),
      atMost('routing p99.9', ROUTING_P999_US_MAX, { of }),
      atMost('p99', P99_US_MAX, { of, variant: LARGE }),
      atMost('cpu', CPU_PERCENT_MAX, { of, variant: LARGE }),
      atMost('cpu', CPU_PERCENT_GOAL, { of, variant: LARGE }),
    ]),
    unlost(),
  ],
}
