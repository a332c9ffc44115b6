import { unlost } from '../report/floors.js'
import { BUS, flow, flowCase, latencyAndRate, NEEDS_OUTBOX, rate, stream, subscriber } from './build.js'
import type { Scenario } from './scenario.js'

const TOPIC = 'bench.one'
const EVENTS_PER_SECOND = 100_000
const MEASURE_MS = 1000

const readers = [subscriber([TOPIC], [0])]
const paced = stream(TOPIC, 1, { eventsPerSecond: EVENTS_PER_SECOND })

/** No floors of its own: it shows how far two figures have to be apart before they say anything. */
export const againstItself: Scenario = {
  name: 'against-itself',
  title: 'A against A: two processes of the same daemon in turn; what differs is noise',
  ...BUS,
  ours: ['sluice', 'sluice-again'],
  peers: [],
  need: NEEDS_OUTBOX,
  measureMs: MEASURE_MS,
  cases: [
    flowCase('1 → 1, 64 a frame', flow([stream(TOPIC, 64)], readers), rate, false),
    flowCase('1 → 1, one a frame', flow([stream(TOPIC, 1)], readers), rate, false),
    flowCase('1 → 1 at 100,000/s', flow([paced], readers, { chunkBytesMax: 64 * 1024 }), latencyAndRate, false),
  ],
  floors: [unlost()],
}
