import { atLeast, timesPeer, unlost } from '../report/floors.js'
import {
  BUS,
  bytes,
  flow,
  flowCase,
  NEEDS_NOTHING,
  NEEDS_OUTBOX,
  quick,
  rate,
  SMALL_CYCLE_EVENTS,
  stream,
  subscriber,
} from './build.js'
import type { Scenario } from './scenario.js'

const TOPIC = 'bench.one'
const FAN_IN = 64
const QUICK_FAN_OUT = 1000

export const oneToOne64: Scenario = {
  name: 'one-to-one-64',
  title: '1 → 1, 64 events a frame',
  ...BUS,
  peers: ['nats', 'redis'],
  need: NEEDS_OUTBOX,
  cases: [quick(flowCase('', flow([stream(TOPIC, 64)], [subscriber([TOPIC], [0])]), rate))],
  floors: [atLeast('rate', 7e6), timesPeer('rate', 'nats', 1.5), unlost()],
}

export const oneToOne1: Scenario = {
  name: 'one-to-one-1',
  title: '1 → 1, one event a frame',
  ...BUS,
  peers: ['nats-websocket', 'redis'],
  need: NEEDS_OUTBOX,
  cases: [quick(flowCase('', flow([stream(TOPIC, 1)], [subscriber([TOPIC], [0])]), rate))],
  // No floor beside nats-server over WebSocket yet: here every message is a call from C++ into JavaScript, which costs more than its event.
  floors: [atLeast('rate', 1.8e6), timesPeer('rate', 'redis', 1), unlost()],
}

export const fanOut100 = fanOut(100)
export const fanOut1000 = fanOut(1000)

function fanOut(subscribers: number): Scenario {
  const readers = Array.from({ length: subscribers }, () => subscriber([TOPIC], [0]))
  const spec = flow([stream(TOPIC, 64)], readers, {
    cycleEvents: SMALL_CYCLE_EVENTS,
    // Enough under way for each subscriber that the daemon decides how much it sends at a time, and less than an outbox holds.
    inFlightBytesMax: Math.max(64 * bytes.MIB, (subscribers * bytes.MIB) / 4),
  })
  return {
    name: `fan-out-${subscribers}`,
    title: `1 → ${subscribers.toLocaleString('en')}, 64 events a frame`,
    ...BUS,
    peers: ['nats', 'redis'],
    need: NEEDS_NOTHING,
    cases: [subscribers === QUICK_FAN_OUT ? quick(flowCase('', spec, rate)) : flowCase('', spec, rate)],
    floors: [atLeast('rate', 20e6), timesPeer('rate', 'nats', 3), unlost()],
  }
}

export const fanIn64: Scenario = {
  name: 'fan-in-64',
  title: `${FAN_IN} publishers → 1, one event a frame`,
  ...BUS,
  peers: ['nats-websocket', 'redis'],
  need: NEEDS_OUTBOX,
  cases: [
    flowCase(
      '',
      flow(
        Array.from({ length: FAN_IN }, () => stream(TOPIC, 1)),
        [
          subscriber(
            [TOPIC],
            Array.from({ length: FAN_IN }, (_, i) => i),
          ),
        ],
        { cycleEvents: SMALL_CYCLE_EVENTS, chunkBytesMax: 64 * 1024 },
      ),
      rate,
    ),
  ],
  floors: [atLeast('rate', 1.5e6), unlost()],
}
