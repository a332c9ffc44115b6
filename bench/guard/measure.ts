import { type EventAllocation, eachOf, sitesText } from './allocation.js'
import { CORE_PATHS, type CorePathSpec } from './core-path.js'
import { coreRatio } from './core-ratio.js'
import { type CoreWork, countCoreWork, sampleCore } from './core-work.js'
import { DaemonWork } from './daemon-work.js'
import type { Figure } from './figure.js'
import { FLOWS, type GuardedFlow } from './flows.js'
import type { Owner } from './profile.js'
import { straceProblem } from './system-calls.js'
import { WatchedDaemon } from './watched-daemon.js'

/** Sites that are told with a figure. */
const SITES_TOLD = 4
/** Of runs of many events: fewer than one object for two deliveries is none for a delivery, but some for a turn, a run or a write. */
const CORE_OBJECTS_MOST = 500

export interface Measured {
  readonly figures: readonly Figure[]
  /** What could not be measured here, and why. */
  readonly skipped: readonly string[]
}

/** Everything that the guard looks at. @param tell is told what comes next */
export async function measureAll(tell: (what: string) => void): Promise<Measured> {
  // First, while nothing else has run in this process.
  tell('processor time of the core')
  const figures: Figure[] = CORE_PATHS.map((path) => ({
    name: `core time, ${path.name}`,
    value: coreRatio(path),
    unit: 'times a loop that copies and looks at heads',
    tolerance: 'ratio',
    look: ['node --cpu-prof on the bench scenario nearest to it; what was added to accept, drain or flush'],
  }))
  tell('work of the core')
  for (const path of CORE_PATHS) figures.push(...countedFigures(path.name, countCoreWork(path)))
  tell('allocations of the core')
  for (const path of CORE_PATHS) {
    figures.push(...allocationFigures(path.name, await sampleCore(path), ['core'], boxesOf(path)))
  }
  const problem = await straceProblem()
  for (const flow of FLOWS) {
    tell(`the daemon, ${flow.name}`)
    figures.push(...(await twice(() => flowFigures(flow, problem === null), tell)))
  }
  return { figures, skipped: problem === null ? [] : [`system calls: ${problem}`] }
}

/**
 * @param owners core: what must be nothing for an event; the others pay by message or by chunk
 * @param boxes how numbers in boxes are compared
 * @param most objects for 1,000 deliveries, whatever the baseline says
 */
function allocationFigures(
  name: string,
  allocation: EventAllocation,
  owners: readonly Owner[],
  boxes: 'boxed' | 'boxed by run',
  most?: number,
): Figure[] {
  const look = sitesText(allocation, SITES_TOLD, ...owners)
  const what = `${owners.join(' and ')} ${owners.length > 1 ? 'allocate' : 'allocates'}`
  const { bytes, objects, numbers } = eachOf(allocation, ...owners)
  const each = 'for 1,000 deliveries'
  const limit = most === undefined ? {} : { most }
  return [
    { name: `${what}, bytes, ${name}`, value: bytes, unit: 'bytes a delivery', tolerance: 'allocated', look },
    { name: `${what}, objects, ${name}`, value: objects * 1000, unit: each, tolerance: 'objects', ...limit, look },
    { name: `${what}, numbers in boxes, ${name}`, value: numbers * 1000, unit: each, tolerance: boxes, look },
  ]
}

/** Where an event is a run of its own, what is boxed for a run is boxed for each event. */
function boxesOf({ isScattered, withMetadata }: CorePathSpec): 'boxed' | 'boxed by run' {
  return isScattered || withMetadata ? 'boxed by run' : 'boxed'
}

function countedFigures(path: string, { copies, ...counts }: CoreWork): Figure[] {
  const counted = Object.entries(counts).map(
    ([what, value]): Figure => ({
      name: `core ${what}, ${path}`,
      value,
      unit: 'for 1,000 events',
      tolerance: 'counted',
      look: [LOOK_AT[what as keyof typeof LOOK_AT]],
    }),
  )
  const copied: Figure = {
    name: `core copies, ${path}`,
    value: copies,
    unit: 'times the bytes of an event',
    tolerance: 'counted',
    look: ['a copy, set, slice or concat on the way through src/core'],
  }
  return [...counted, copied]
}

const LOOK_AT = {
  runs: 'what keeps an event from joining the run of the one before (Router.acceptMessages, Router.place)',
  writes: 'what flushes an outbox more often than once a drain (Outbox.flush, Delivery.flush)',
  clockReadings: 'who reads the clock by event or by run (Timing)',
  turns: 'who asks for a turn that is not needed (Router.scheduleTurn), or drains too little in one',
}

/** What could not be done the first time is done once more: a machine may be so busy that nobody answers in time. */
async function twice<T>(attempt: () => Promise<T>, tell: (what: string) => void): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    tell(`once more: ${(error as Error).message}`)
    return attempt()
  }
}

async function flowFigures(flow: GuardedFlow, withCalls: boolean): Promise<Figure[]> {
  const daemon = await WatchedDaemon.start(null)
  try {
    const work = await DaemonWork.open(daemon, flow)
    const allocation = await work.allocation()
    const figures = [
      ...allocationFigures(`${flow.name}, over sockets`, allocation, ['core'], 'boxed', CORE_OBJECTS_MOST),
      ...allocationFigures(`${flow.name}, over sockets`, allocation, ['ingress', 'engine'], 'boxed'),
    ]
    const copies = await work.copies()
    figures.push({
      name: `copies, ${flow.name}`,
      value: Object.values(copies).reduce((sum, times) => sum + times, 0),
      unit: 'times the bytes of an event',
      tolerance: 'copied',
      look: Object.entries(copies)
        .filter(([, times]) => times > 0.001)
        .map(([by, times]) => `${by}: ${times.toFixed(3)}`),
    })
    if (!withCalls) {
      work.close()
      return figures
    }
    const { read, write, wait, memory, futex, other } = await work.calls()
    const kinds = [
      ['read', read, 'calls'],
      ['write', write, 'calls'],
      ['wait', wait, 'waits'],
      ['memory and other', memory + futex + other, 'other calls'],
    ] as const
    for (const [kind, value, tolerance] of kinds) {
      figures.push({
        name: `system calls, ${kind}, ${flow.name}`,
        value,
        unit: 'for 1,000 events',
        tolerance,
        look: ['strace -c -p of the daemon in the same flow; what is written or read more often than once a drain'],
      })
    }
    work.close()
    return figures
  } finally {
    await daemon.stop()
  }
}
