import type { FlowSpec } from '../generator/job.js'
import { flow, SMALL_CYCLE_EVENTS, stream, subscriber } from '../scenarios/build.js'
import type { Port } from './watched-daemon.js'

const TOPIC = 'bench.one'
/** What is under way at a time: as much as the daemon reads at once, so that it has one turn for each. */
const CHUNK_BYTES = 64 << 10

/** Events through a daemon, over sockets. */
export interface GuardedFlow {
  readonly name: string
  readonly port: Port
  readonly batch: number
  readonly subscribers: number
  /** Enough for all to be compiled, however often some of it is thrown away. */
  readonly warmUpEvents: number
  /** Events of which allocations, copies and system calls are counted. */
  readonly countedEvents: number
}

const BATCHED = { batch: 64, subscribers: 1, warmUpEvents: 800_000, countedEvents: 100_000 }

export const FLOWS: readonly GuardedFlow[] = [
  { ...BATCHED, name: '1→1, 64 a frame', port: 'uws' },
  { ...BATCHED, name: '1→1, one a frame', port: 'uws', batch: 1, warmUpEvents: 200_000, countedEvents: 50_000 },
  {
    ...BATCHED,
    name: '1→100, 64 a frame',
    port: 'uws',
    subscribers: 100,
    warmUpEvents: 40_000,
    countedEvents: 10_000,
  },
  { ...BATCHED, name: 'streams 1→1, 64 a frame', port: 'streams' },
  { ...BATCHED, name: 'streams 1→1, one a frame', port: 'streams', batch: 1 },
]

export function specOf({ batch, subscribers }: GuardedFlow): FlowSpec {
  const readers = Array.from({ length: subscribers }, () => subscriber([TOPIC], [0]))
  return flow([stream(TOPIC, batch)], readers, { chunkBytesMax: CHUNK_BYTES, cycleEvents: SMALL_CYCLE_EVENTS })
}
