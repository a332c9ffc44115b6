import type { FlowResult } from '../generator/job.js'
import type { Case } from '../scenarios/scenario.js'
import { quantity } from './quantity.js'
import { median } from './row.js'

/** Less than this share of what was due is a peer that does not keep up. */
const DELIVERED_SHARE_MIN = 0.95

/** Says, of streams with a rate, when the peer was slower: the figures are then those of a queue. Null: it kept up. */
export function behindNote(item: Case, flows: readonly FlowResult[]): string | null {
  if (item.kind !== 'flow' || flows.length === 0) return null
  const { streams, subscribers } = item.flow
  let [due, delivered] = [0, 0]
  streams.forEach(({ eventsPerSecond }, i) => {
    if (eventsPerSecond === 0) return
    const readers = subscribers.filter((each) => each.streams.includes(i) && each.reads === undefined)
    due += eventsPerSecond * readers.length
    delivered += median(flows.map((flow) => flow.streams[i].deliveredToReadersPerSecond))
  })
  if (due === 0 || delivered >= DELIVERED_SHARE_MIN * due) return null
  const perSecond = (rate: number) => quantity(rate, '/s')
  return `did not keep up: ${perSecond(delivered)} of ${perSecond(due)} were delivered in time, and latencies are those of a queue that grew while the run lasted`
}
