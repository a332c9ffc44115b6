import { agrees, unlost } from '../report/floors.js'
import { BUS, flow, NEEDS_OUTBOX, PAYLOAD_BYTES, stream, subscriber } from './build.js'
import type { AgreementCase, Scenario } from './scenario.js'

const TOPIC = 'bench.one'
/** Events per second, and how many of them are in a message. */
const LOADS = [
  [10_000, 1],
  [100_000, 1],
  [500_000, 1],
  [500_000, 16],
] as const

/** What may be between the two accounts: this share, or this much. */
const APART_SHARE_MAX = 0.05
const APART_US_MAX = 10

const cases = LOADS.map(([eventsPerSecond, batch]): AgreementCase => {
  const flowSpec = flow([stream(TOPIC, batch, { eventsPerSecond })], [subscriber([TOPIC], [0])], {
    chunkBytesMax: 64 * 1024,
  })
  const variant = `${eventsPerSecond / 1000} k/s, ${batch} a frame`
  return { kind: 'agreement', variant, withPeers: false, batch, payloadBytes: PAYLOAD_BYTES, flow: flowSpec }
})

export const agreement: Scenario = {
  name: 'agreement',
  title:
    'what the daemon says its routing and delivery took, beside a client’s clock less an idle round trip; open loop',
  ...BUS,
  group: 'observe',
  ours: ['sluice', 'sluice-streams'],
  peers: [],
  need: NEEDS_OUTBOX,
  cases,
  floors: [
    ...(['sluice', 'sluice-streams'] as const).flatMap((of) =>
      cases.flatMap(({ variant }) =>
        (['p50', 'p99', 'p99.9'] as const).map((figure) => agrees(figure, of, variant, APART_SHARE_MAX, APART_US_MAX)),
      ),
    ),
    unlost(),
  ],
}
