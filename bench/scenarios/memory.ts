import { atMost, unlost } from '../report/floors.js'
import { DEFAULTS } from '../subjects/subject.js'
import { BUS, PAYLOAD_BYTES } from './build.js'
import type { Scenario } from './scenario.js'

const CONNECTIONS = 10_000
const QUEUED = 1_000_000
/** Room for the queue, twice: the limits are not what is measured. */
const OUTBOX_BYTES_MAX = 512 * 1024 * 1024

export const idle10k: Scenario = {
  name: 'idle-10k',
  title: '10,000 idle connections: resident memory each, beyond the empty daemon',
  ...BUS,
  peers: ['nats-websocket', 'redis'],
  need: { ...DEFAULTS, connectionsMax: CONNECTIONS + 100 },
  cases: [
    { kind: 'idle', variant: '', withPeers: true, batch: 0, payloadBytes: 0, connections: CONNECTIONS, streamsEach: 0 },
  ],
  floors: [atMost('bytesEach', 8 * 1024)],
}

export const queuedMemory: Scenario = {
  name: 'queued-memory',
  title: '1,000,000 events queued for a subscriber that does not read: resident memory each',
  ...BUS,
  peers: [],
  need: {
    ...DEFAULTS,
    outboxBytesMax: OUTBOX_BYTES_MAX,
    memoryBytesMax: OUTBOX_BYTES_MAX,
    outboxEventsMax: 2 * QUEUED,
  },
  cases: [{ kind: 'queued', variant: '', withPeers: false, batch: 64, payloadBytes: PAYLOAD_BYTES, events: QUEUED }],
  floors: [atMost('bytesEach', 256), unlost()],
}
