import { ALIKE_BYTES, type EventAllocation, weightOf } from './allocation.js'
import { Burst } from './burst.js'
import { type GuardedFlow, specOf } from './flows.js'
import { leastOf } from './least.js'
import { sitesOf } from './profile.js'
import { type Calls, callsDuring, leastCalls } from './system-calls.js'
import type { WatchedDaemon } from './watched-daemon.js'

const CALL_ATTEMPTS = 3

/** One flow through a daemon that is looked at from inside. */
export class DaemonWork {
  private constructor(
    private readonly daemon: WatchedDaemon,
    private readonly flow: GuardedFlow,
    private readonly burst: Burst,
  ) {}

  static async open(daemon: WatchedDaemon, flow: GuardedFlow): Promise<DaemonWork> {
    return new DaemonWork(daemon, flow, await Burst.open(daemon.target(flow.port), specOf(flow)))
  }

  /** What the routing thread allocates. */
  allocation(): Promise<EventAllocation> {
    const { daemon, burst, flow } = this
    return leastOf(
      async () => {
        await burst.run(flow.warmUpEvents)
        let events = 0
        const { bytes, collections, ...profile } = await daemon.allocations(async () => {
          events = await burst.run(flow.countedEvents)
        })
        return { deliveries: events * flow.subscribers, bytes, collections, sites: sitesOf(profile) }
      },
      (allocation) => weightOf(allocation, 'core', 'ingress', 'engine'),
      ALIKE_BYTES,
    )
  }

  /** How often the bytes of an event are copied, by what does it. */
  async copies(): Promise<{ readonly [by: string]: number }> {
    let events = 0
    const copies = await this.daemon.copies(async () => {
      events = await this.burst.run(this.flow.countedEvents)
    })
    const bytes = events * this.burst.frameBytes
    return Object.fromEntries(Object.entries(copies).map(([by, copied]) => [by, copied / bytes]))
  }

  /**
   * System calls of the routing thread for 1,000 events, the least of some attempts of each kind: whoever has the processor while a chunk is being written cuts it in two,
   * which is a read more.
   */
  async calls(): Promise<Calls> {
    let least = await this.callsOnce()
    for (let attempt = 1; attempt < CALL_ATTEMPTS; attempt++) least = leastCalls(least, await this.callsOnce())
    return least
  }

  private async callsOnce(): Promise<Calls> {
    let events = 0
    const calls = await callsDuring(this.daemon.pid, async () => {
      events = await this.burst.run(this.flow.countedEvents)
    })
    const perThousand = Object.entries(calls).map(([kind, count]) => [kind, (count * 1000) / events])
    return Object.fromEntries(perThousand) as Calls
  }

  close(): void {
    this.burst.close()
  }
}
