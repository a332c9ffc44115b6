import { atLeast, timesPeer, unlost } from '../report/floors.js'
import { flow, flowCase, NEEDS_OUTBOX, PAYLOAD_BYTES, rate, stream, subscriber } from './build.js'
import type { Scenario } from './scenario.js'

const TOPIC = 'bench.one'
const SMALL_PAYLOAD_BYTES = 16
const EVENTS_MAX = 1024 * 1024
const OURS = 'sluice-streams'

export const streams1 = streams('streams-1', 1, PAYLOAD_BYTES, 6e6)
export const streams1Small = streams('streams-1-small', 1, SMALL_PAYLOAD_BYTES, 12e6)
export const streams64 = streams('streams-64', 64, PAYLOAD_BYTES, 7e6)

/** WebSocket on both of our engines, beside nats-server's. */
function streams(name: string, batch: number, payloadBytes: number, floor: number): Scenario {
  const spec = flow([stream(TOPIC, batch)], [subscriber([TOPIC], [0])], { payloadBytes })
  const beside = batch === 1 ? [timesPeer('rate', 'nats-websocket', 2, { of: OURS })] : []
  const words = batch === 1 ? 'one event' : `${batch} events`
  return {
    name,
    title: `1 → 1 by WebSocket on both engines, ${words} a frame, ${payloadBytes} B`,
    group: 'streams',
    ours: ['sluice', OURS],
    peers: ['nats-websocket'],
    // Of tiny events more than the default may be under way within the same bytes.
    need: { ...NEEDS_OUTBOX, outboxEventsMax: payloadBytes === SMALL_PAYLOAD_BYTES ? EVENTS_MAX : 0 },
    cases: [flowCase('', spec, rate)],
    floors: [atLeast('rate', floor, { of: OURS }), ...beside, unlost()],
  }
}
