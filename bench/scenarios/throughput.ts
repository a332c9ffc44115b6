import { atLeast, costOfPeer, timesPeer, unlost } from '../report/floors.js'
import { BUS, flow, flowCase, NEEDS_OUTBOX, quick, rateAndCost, stream, subscriber } from './build.js'
import type { Scenario } from './scenario.js'

const TOPIC = 'bench.one'
/** Of what it takes to copy the bytes alone. */
const COST_MAX = 1.5

export const oneToOne64: Scenario = {
  name: 'one-to-one-64',
  title: '1 → 1, 64 events a frame',
  ...BUS,
  peers: ['nats', 'redis', 'mosquitto', 'aedes', 'uwebsockets', 'forwarder'],
  need: NEEDS_OUTBOX,
  cases: [quick(flowCase('', flow([stream(TOPIC, 64)], [subscriber([TOPIC], [0])]), rateAndCost))],
  floors: [
    atLeast('rate', 10e6),
    timesPeer('rate', 'nats', 2),
    costOfPeer('rate', 'forwarder', COST_MAX),
    costOfPeer('cpuEach', 'forwarder', COST_MAX),
    unlost(),
  ],
}

export const oneToOne1: Scenario = {
  name: 'one-to-one-1',
  title: '1 → 1, one event a frame',
  ...BUS,
  peers: ['nats-websocket', 'redis', 'mosquitto', 'aedes', 'socketio', 'ws', 'uwebsockets', 'forwarder'],
  need: NEEDS_OUTBOX,
  cases: [quick(flowCase('', flow([stream(TOPIC, 1)], [subscriber([TOPIC], [0])]), rateAndCost))],
  // Here every message is a call from C++ into JavaScript, which costs more than its event; the forwarder pays it too.
  floors: [
    atLeast('rate', 2.2e6),
    timesPeer('rate', 'redis', 1),
    timesPeer('rate', 'nats-websocket', 2),
    costOfPeer('rate', 'forwarder', COST_MAX),
    unlost(),
  ],
}
