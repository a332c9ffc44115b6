import { loadConfig } from '../../src/config/index.js'
import { startDaemon } from '../../src/daemon/daemon.js'
import type { Fault, Flags, ToFaultyDaemon } from './faulty-daemon.js'

/** A daemon with something wrong in its process: started by FaultyDaemon, told by messages what is to go wrong, and when it is over. */
const loaded = loadConfig({ env: {}, flags: JSON.parse(process.argv[2]) as Flags })
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
const daemon = await startDaemon(loaded.config)

const EVERY_MS = 20
let timer: NodeJS.Timeout | undefined
let survivors: object[][] = []

/** Holds the event loop. */
function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

/** Makes objects that live long enough for the collector to move and mark them, and not for ever. */
function litter(): void {
  const made: object[] = []
  for (let i = 0; i < 15_000; i++) made.push({ i, next: { i } })
  survivors.push(made)
  if (survivors.length > 60) survivors = survivors.slice(30)
}

const faults: { readonly [kind in Fault['kind']]: (fault: Fault) => void } = {
  none: () => {},
  stall: ({ ms = 5, everyMs = EVERY_MS }) => {
    timer = setInterval(() => block(ms), everyMs)
  },
  freeze: ({ ms = 5000 }) => block(ms),
  garbage: ({ everyMs = EVERY_MS }) => {
    timer = setInterval(litter, everyMs)
  },
}

process.on('message', ({ fault }: ToFaultyDaemon) => {
  clearInterval(timer)
  survivors = []
  faults[fault.kind](fault)
})
process.on('disconnect', () => process.exit())
process.send?.({ url: daemon.url, adminUrl: daemon.adminUrl })
