import { atMost } from '../report/floors.js'
import { NEEDS_NOTHING } from './build.js'
import type { Case, Scenario } from './scenario.js'

const STREAMS = 1024
const STREAM_BYTES_MAX = 32 * 1024
/** As many as one connection may have. */
const STREAMS_EACH = 64

function idle(streamsEach: number): Case {
  const connections = STREAMS / streamsEach
  return {
    kind: 'idle',
    variant: `${streamsEach} a connection`,
    withPeers: true,
    batch: 0,
    payloadBytes: 0,
    connections,
    streamsEach,
  }
}

const CASES = [idle(1), idle(STREAMS_EACH)]

export const eventStreams: Scenario = {
  name: 'event-streams',
  title: `${STREAMS.toLocaleString('en')} idle streams of server-sent events over HTTP/2: resident memory each, beyond the empty daemon`,
  group: 'http',
  ours: ['sluice-streams'],
  peers: ['node-http2'],
  need: NEEDS_NOTHING,
  cases: CASES,
  floors: CASES.map(({ variant }) => atMost('bytesEach', STREAM_BYTES_MAX, { of: 'sluice-streams', variant })),
}
