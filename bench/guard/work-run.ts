import { eachOf } from './allocation.js'
import { DaemonWork } from './daemon-work.js'
import type { GuardedFlow } from './flows.js'
import { straceProblem } from './system-calls.js'
import { WatchedDaemon } from './watched-daemon.js'

/** Functions that are named as those that allocate most. */
const SITES_NAMED = 3

/** What one event is in work, for the report: all figures are those of one delivery unless named otherwise. */
export interface WorkResult {
  readonly kind: 'work'
  readonly events: number
  readonly deliveries: number
  readonly core: { readonly bytes: number; readonly objects: number; readonly numbers: number }
  /** Of the transport and what calls it. */
  readonly engineObjects: number
  /** How often the bytes of an event are copied, in and out, by JavaScript and WebAssembly. */
  readonly copies: number
  /** Of the routing thread, for 1,000 events; null where strace cannot be attached. */
  readonly systemCalls: number | null
  /** Functions of the core that allocate most. */
  readonly most: readonly string[]
}

/** One flow through a daemon of its own. @param core to pin it to; null: none */
export async function runWork(flow: GuardedFlow, core: number | null): Promise<WorkResult> {
  const daemon = await WatchedDaemon.start(core)
  try {
    const work = await DaemonWork.open(daemon, flow)
    const allocation = await work.allocation()
    const { deliveries, sites } = allocation
    const copies = Object.values(await work.copies())
    const calls = (await straceProblem()) === null ? Object.values(await work.calls()) : null
    work.close()
    return {
      kind: 'work',
      events: deliveries / flow.subscribers,
      deliveries,
      core: eachOf(allocation, 'core'),
      engineObjects: eachOf(allocation, 'ingress', 'engine').objects,
      copies: sum(copies),
      systemCalls: calls === null ? null : sum(calls),
      most: sites
        .filter(({ owner }) => owner === 'core')
        .slice(0, SITES_NAMED)
        .map(({ name }) => name),
    }
  } finally {
    await daemon.stop()
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
