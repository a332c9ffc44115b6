import { FLOWS, type GuardedFlow } from '../guard/flows.js'
import { atMost, type Floor } from '../report/floors.js'
import { DEFAULTS, type OurName } from '../subjects/subject.js'
import { PAYLOAD_BYTES } from './build.js'
import type { Scenario, WorkCase } from './scenario.js'

/** Fewer than one for ten deliveries: none for an event, but some for a turn, a run or a write. */
const CORE_OBJECTS_MOST = 100
/** The compiler decides which numbers are put in boxes, and not the same each time. */
const CORE_NUMBERS_MOST = 500

const SUBJECT_OF = { uws: 'sluice', streams: 'sluice-streams' } as const

function caseOf(flow: GuardedFlow): WorkCase {
  const { name, batch, port } = flow
  const only: readonly OurName[] = [SUBJECT_OF[port]]
  return { kind: 'work', variant: name, withPeers: false, only, batch, payloadBytes: PAYLOAD_BYTES, flow }
}

function floorsOf({ name, port }: GuardedFlow): Floor[] {
  const which = { variant: name, of: SUBJECT_OF[port] }
  return [atMost('core objects', CORE_OBJECTS_MOST, which), atMost('boxed numbers', CORE_NUMBERS_MOST, which)]
}

/** Counted, not timed: every object that the routing thread allocates is noted while a fixed number of events goes through. */
export const work: Scenario = {
  name: 'work',
  title: 'what an event is in work: objects allocated, bytes copied, system calls',
  group: 'work',
  ours: ['sluice', 'sluice-streams'],
  peers: [],
  need: DEFAULTS,
  cases: FLOWS.map(caseOf),
  floors: FLOWS.flatMap(floorsOf),
  headline: 'core objects',
  // Counted: another run gives the same.
  runsMax: 1,
}
