import { READING_BYTES } from '../client/events.js'
import type { ClientSpec } from '../client/job.js'
import { atLeast, timesPeer, unlost } from '../report/floors.js'
import { bytes, NEEDS_NOTHING, PAYLOAD_BYTES } from './build.js'
import type { ClientCase, Scenario } from './scenario.js'

/** As for other floods: what is under way may all wait for the one subscriber. nats-server's default is 64 MiB. */
const NEEDS_OUTBOX = { ...NEEDS_NOTHING, outboxBytesMax: 64 * bytes.MIB, outboxEventsMax: 1024 * 1024 }

const PER_CORE_MIN = 2e6
const TIMES_NATS = 3

const CASES = [
  clientCase('publish', { role: 'publish', payload: 'bytes', payloadBytes: PAYLOAD_BYTES }),
  clientCase('receive', { role: 'receive', payload: 'bytes', payloadBytes: PAYLOAD_BYTES }),
  clientCase('publish objects', { role: 'publish', payload: 'objects', payloadBytes: READING_BYTES }),
  clientCase('receive objects', { role: 'receive', payload: 'objects', payloadBytes: READING_BYTES }),
]

/** Where the server is what limits, `perCore` says what the library could do: events for one second of its processor time. */
export const clientLibrary: Scenario = {
  name: 'client-library',
  title: 'a client library for Node on one core, its own server on the other; a callback for each event received',
  group: 'client',
  ours: ['sluice', 'sluice-streams'],
  peers: ['nats', 'mosquitto', 'socketio'],
  need: NEEDS_OUTBOX,
  headline: 'perCore',
  runsMax: 3,
  measureMs: 1000,
  cases: CASES,
  floors: [
    ...CASES.flatMap(({ variant }) => [
      atLeast('perCore', PER_CORE_MIN, { variant }),
      timesPeer('perCore', 'nats', TIMES_NATS, { variant }),
    ]),
    unlost(),
  ],
}

function clientCase(variant: string, client: ClientSpec): ClientCase {
  return { kind: 'client', variant, withPeers: true, batch: 0, payloadBytes: client.payloadBytes, client }
}
