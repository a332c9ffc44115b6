import type { FlowSpec } from '../generator/job.js'
import { atLeast, timesPeer, unlost } from '../report/floors.js'
import {
  bytes,
  flow,
  flowCase,
  lastLatency,
  NEEDS_NOTHING,
  NEEDS_OUTBOX,
  placed,
  quick,
  rate,
  SMALL_CYCLE_EVENTS,
  stream,
  subscriber,
} from './build.js'
import type { FlowCase, Scenario } from './scenario.js'

const TOPIC = 'bench.one'
const SUBSCRIBERS = [10, 100, 1000, 10_000]
const QUICK_SUBSCRIBERS = 1000
/** Under way to each subscriber: enough that the daemon decides how much it sends at a time, and far less than an outbox holds. */
const IN_FLIGHT_BYTES_EACH = (5 * bytes.MIB) / 8
/** Under way to a few: no more than the outbox of one. */
const IN_FLIGHT_BYTES_MIN = 16 * bytes.MIB
/** Under way to many: no more than what may wait in a daemon by default, wherever it waits. */
const IN_FLIGHT_BYTES_MAX = 256 * bytes.MIB
const CONNECTIONS_MAX = 10_100
const AXIS = { label: 'subscribers', isLogarithmic: true }

export const fanOut: Scenario = {
  name: 'fan-out',
  title: '1 → subscribers, 64 events a frame',
  group: 'scale',
  ours: ['sluice'],
  peers: ['nats', 'redis', 'mosquitto', 'ws', 'uwebsockets'],
  need: { ...NEEDS_OUTBOX, connectionsMax: CONNECTIONS_MAX },
  axis: AXIS,
  runsMax: 3,
  measureMs: 1500,
  cases: SUBSCRIBERS.map(fanOutCase),
  floors: [
    atLeast('rate', 20e6, { variant: name(100) }),
    timesPeer('rate', 'nats', 3, { variant: name(100) }),
    atLeast('rate', 22e6, { variant: name(1000) }),
    timesPeer('rate', 'nats', 4, { variant: name(1000) }),
    unlost(),
  ],
}

/**
 * Events a second, by the number of subscribers: 100,000 deliveries a second at most, which is a tenth of what the slowest of the usual peers does with
 * single events, so that nobody is saturated, and what is measured is how an event spreads.
 */
const EVENTS_PER_SECOND: ReadonlyMap<number, number> = new Map([
  [10, 1000],
  [100, 1000],
  [1000, 100],
  [10_000, 10],
])

export const fanOutLatency: Scenario = {
  name: 'fan-out-latency',
  title:
    '1 → subscribers at 10,000 to 100,000 deliveries a second, single events, open loop: until the last subscriber has an event, from its intended send time',
  group: 'scale',
  ours: ['sluice', 'sluice-streams'],
  peers: ['nats', 'redis', 'mosquitto', 'ws', 'uwebsockets'],
  need: { ...NEEDS_NOTHING, connectionsMax: CONNECTIONS_MAX },
  axis: AXIS,
  runsMax: 2,
  measureMs: 2500,
  cases: SUBSCRIBERS.map(latencyCase),
  floors: [unlost()],
}

function fanOutCase(subscribers: number): FlowCase {
  const wanted = Math.max(subscribers * IN_FLIGHT_BYTES_EACH, IN_FLIGHT_BYTES_MIN)
  const inFlightBytesMax = Math.min(wanted, IN_FLIGHT_BYTES_MAX)
  const spec = flow([stream(TOPIC, 64)], readers(subscribers), { cycleEvents: SMALL_CYCLE_EVENTS, inFlightBytesMax })
  const item = placed(flowCase(name(subscribers), spec, rate), subscribers)
  return subscribers === QUICK_SUBSCRIBERS ? quick(item) : item
}

function latencyCase(subscribers: number): FlowCase {
  const eventsPerSecond = EVENTS_PER_SECOND.get(subscribers)!
  const spec = flow([stream(TOPIC, 1, { eventsPerSecond })], readers(subscribers), { cycleEvents: SMALL_CYCLE_EVENTS })
  const variant = `${name(subscribers)}, ${eventsPerSecond.toLocaleString('en')}/s`
  return placed(
    flowCase(variant, spec, (streams) => ({ ...lastLatency(streams), ...rate(streams) })),
    subscribers,
  )
}

function readers(subscribers: number): FlowSpec['subscribers'] {
  return Array.from({ length: subscribers }, () => subscriber([TOPIC], [0]))
}

function name(subscribers: number): string {
  return `1 → ${subscribers.toLocaleString('en')}`
}
