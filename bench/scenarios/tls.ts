import { atLeast, unlost } from '../report/floors.js'
import { flow, flowCase, NEEDS_NOTHING, NEEDS_OUTBOX, rate, stream, subscriber } from './build.js'
import type { HandshakesCase, Scenario } from './scenario.js'

const TOPIC = 'bench.one'
const RESUMED_PERCENT_MIN = 95
const CONCURRENCY = 16
/** Each brings one ticket of the old process to the new one. */
const CLIENTS_ACROSS_RESTART = 64

function handshakes(variant: string, changes: Partial<HandshakesCase['handshakes']>): HandshakesCase {
  const spec = { version: 'TLSv1.3', resumes: false, concurrency: CONCURRENCY, once: false, ...changes } as const
  return {
    kind: 'handshakes',
    variant,
    withPeers: false,
    batch: 0,
    payloadBytes: 0,
    handshakes: spec,
    acrossRestart: false,
  }
}

const RESUMED_13 = 'TLS 1.3, resumed'
const RESUMED_12 = 'TLS 1.2, resumed'
const RESTARTED = 'across a restart'
const BOTH = ['sluice-tls', 'sluice-streams-tls'] as const

export const tlsHandshakes: Scenario = {
  name: 'tls-handshakes',
  title: `handshakes a second, ${CONCURRENCY} under way, ECDSA P-256; share resumed of those that offer a ticket`,
  group: 'tls',
  ours: BOTH,
  peers: [],
  need: NEEDS_NOTHING,
  cases: [
    handshakes('TLS 1.3, full', {}),
    handshakes(RESUMED_13, { resumes: true }),
    handshakes('TLS 1.2, full', { version: 'TLSv1.2' }),
    handshakes(RESUMED_12, { version: 'TLSv1.2', resumes: true }),
    {
      // uWebSockets.js has no way to be given ticket keys.
      ...handshakes(RESTARTED, { resumes: true, concurrency: CLIENTS_ACROSS_RESTART }),
      acrossRestart: true,
      only: ['sluice-streams-tls'],
    },
  ],
  floors: [
    ...BOTH.flatMap((of) =>
      [RESUMED_13, RESUMED_12].map((variant) => atLeast('resumed', RESUMED_PERCENT_MIN, { of, variant })),
    ),
    atLeast('resumed', RESUMED_PERCENT_MIN, { of: 'sluice-streams-tls', variant: RESTARTED }),
  ],
}

export const tls64 = firehose('tls-64', 64)
export const tls1 = firehose('tls-1', 1)

/** No floors: it shows what TLS costs. The generator has as much to encrypt and decrypt as the daemon. */
function firehose(name: string, batch: number): Scenario {
  return {
    name,
    title: `1 → 1 by WebSocket, plain and over TLS, ${batch} ${batch === 1 ? 'event' : 'events'} a frame`,
    group: 'tls',
    ours: ['sluice', 'sluice-tls', 'sluice-streams', 'sluice-streams-tls'],
    peers: [],
    need: NEEDS_OUTBOX,
    cases: [flowCase('', flow([stream(TOPIC, batch)], [subscriber([TOPIC], [0])]), rate)],
    floors: [unlost()],
  }
}
