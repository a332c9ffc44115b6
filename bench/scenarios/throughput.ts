import { atLeast, timesPeer, unlost } from '../report/floors.js'
import {
  BUS,
  flow,
  flowCase,
  NEEDS_OUTBOX,
  quick,
  rate,
  stream,
  subscriber,
} from './build.js'
import type { Scenario } from './scenario.js'

const TOPIC = 'bench.one'

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
