import { atLeast, costOfPeer, timesPeer, unlost } from '../report/floors.js'
import { flow, flowCase, NEEDS_NOTHING, NEEDS_OUTBOX, rate, stream, subscriber } from './build.js'
import type { RequestsCase, Scenario } from './scenario.js'

const TOPIC = 'bench.one'
const BODY = '{"id":1,"text":"an order"}'
const CONNECTIONS = 64
/** Of the cost of a handler that does nothing. */
const COST_MAX = 1.25

function publishes(variant: string, tool: 'autocannon' | 'h2load', concurrency: number): RequestsCase {
  return {
    kind: 'requests',
    variant,
    withPeers: true,
    batch: 1,
    payloadBytes: BODY.length,
    requests: { tool, connections: CONNECTIONS, concurrency, topic: TOPIC, body: BODY },
  }
}

const PIPELINED = '10 pipelined'

export const httpPublish: Scenario = {
  name: 'http-publish',
  title: `POST /v1/topics/x by HTTP/1.1, autocannon, ${CONNECTIONS} connections; a subscriber counts what comes of it`,
  group: 'http',
  ours: ['sluice'],
  peers: ['fastify'],
  need: NEEDS_NOTHING,
  cases: [publishes('one at a time', 'autocannon', 1), publishes(PIPELINED, 'autocannon', 10)],
  // One at a time it is autocannon's own work for a request, and not the server's, that sets the pace.
  floors: [timesPeer('requests', 'fastify', 2, { variant: PIPELINED }), unlost()],
}

export const http2Publish: Scenario = {
  name: 'http2-publish',
  title: `the same by HTTP/2 without TLS, h2load, ${CONNECTIONS} connections of 10 streams`,
  group: 'http',
  ours: ['sluice-streams'],
  peers: ['node-http2'],
  need: NEEDS_NOTHING,
  cases: [publishes('', 'h2load', 10)],
  floors: [
    costOfPeer('requests', 'node-http2', COST_MAX, { of: 'sluice-streams' }),
    costOfPeer('cpuEach', 'node-http2', COST_MAX, { of: 'sluice-streams' }),
    unlost(),
  ],
}

export const http2Stream: Scenario = {
  name: 'http2-stream',
  title: '1 → 1, published in the endless body of one HTTP/2 request, 64 events a DATA frame',
  group: 'http',
  ours: ['sluice-http2'],
  peers: [],
  need: NEEDS_OUTBOX,
  cases: [flowCase('', flow([stream(TOPIC, 64)], [subscriber([TOPIC], [0])]), rate)],
  floors: [atLeast('rate', 1e6, { of: 'sluice-http2' }), unlost()],
}
