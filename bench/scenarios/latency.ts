import { atMost, noWorse, unlost } from '../report/floors.js'
import { BUS, flow, flowCase, latency, NEEDS_NOTHING, quick, rate, stream, subscriber } from './build.js'
import type { Scenario } from './scenario.js'

const TOPIC = 'bench.one'
const EVENTS_PER_SECOND = 100_000

export const latency100k: Scenario = {
  name: 'latency-100k',
  title: '1 → 1 at 100,000/s, one event a frame, open loop from the intended send time',
  ...BUS,
  group: 'latency',
  peers: ['nats', 'nats-websocket', 'redis', 'mosquitto', 'aedes', 'ws', 'uwebsockets'],
  need: NEEDS_NOTHING,
  cases: [
    quick(
      flowCase(
        '',
        flow([stream(TOPIC, 1, { eventsPerSecond: EVENTS_PER_SECOND })], [subscriber([TOPIC], [0])], {
          chunkBytesMax: 64 * 1024,
        }),
        (streams) => ({ ...latency(streams), ...rate(streams) }),
      ),
    ),
  ],
  floors: [atMost('p50', 50), noWorse('p99', 'nats'), noWorse('p99.9', 'nats'), unlost()],
}
