import { ALIKE_BYTES, type EventAllocation, weightOf } from './allocation.js'
import { CopyCount } from './copy-count.js'
import { CorePath, type CorePathSpec } from './core-path.js'
import { HeapWatch } from './heap-watch.js'
import { leastOf } from './least.js'
import { sitesOf } from './profile.js'

const COUNTED_EVENTS = 100_000
const WARM_UP_DELIVERIES = 200_000
const SAMPLED_DELIVERIES = 50_000

/** What the core does for one event, counted: the same on every machine, and however busy it is. */
export interface CoreWork {
  /** For 1,000 events. */
  readonly runs: number
  readonly writes: number
  readonly clockReadings: number
  readonly turns: number
  /** Of the bytes of an event, how often they are copied: in and out, for all receivers. */
  readonly copies: number
}

export function countCoreWork(spec: CorePathSpec): CoreWork {
  let now = 1
  const path = new CorePath(spec, () => {
    now += 0.001
    return now
  })
  path.run(COUNTED_EVENTS)
  const { meters } = path.router
  const before = { runs: meters.runs, writes: meters.writes, clock: path.clockReadings, turns: path.turns }
  const written = path.written
  const count = new CopyCount()
  count.start()
  const events = path.run(COUNTED_EVENTS)
  const copied = Object.values(count.stop()).reduce((sum, bytes) => sum + bytes, 0)
  const receivers = spec.isScattered ? 1 : spec.receivers
  if (path.written - written !== events * path.frameBytes * receivers) throw new Error(`${spec.name}: events were lost`)
  const perThousand = (count: number) => (count * 1000) / events
  return {
    runs: perThousand(meters.runs - before.runs),
    writes: perThousand(meters.writes - before.writes),
    clockReadings: perThousand(path.clockReadings - before.clock),
    turns: perThousand(path.turns - before.turns),
    copies: copied / (events * path.frameBytes),
  }
}

/** What the core allocates. */
export function sampleCore(spec: CorePathSpec): Promise<EventAllocation> {
  const path = new CorePath(spec)
  const receivers = spec.isScattered ? 1 : spec.receivers
  return leastOf(
    () => {
      path.run(WARM_UP_DELIVERIES / Math.sqrt(receivers))
      const heap = new HeapWatch()
      heap.start()
      const events = path.run(SAMPLED_DELIVERIES / Math.sqrt(receivers))
      const { bytes, collections, ...profile } = heap.stop()
      return { deliveries: events * receivers, bytes, collections, sites: sitesOf(profile) }
    },
    (allocation) => weightOf(allocation, 'core'),
    ALIKE_BYTES,
  )
}
