import { loadConfig } from '../../src/config/index.js'
import { startDaemon } from '../../src/daemon/daemon.js'
import type { Fault, Flags, ToFaultyDaemon } from './faulty-daemon.js'

/** A daemon with something wrong in its process: started by FaultyDaemon, told by messages what is to go wrong, and when it is over. */
const loaded = loadConfig({ env: {}, flags: JSON.parse(process.argv[2]) as Flags, text: process.argv[3] })
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
const daemon = await startDaemon(loaded.config)

const EVERY_MS = 20
let timer: NodeJS.Timeout | undefined
let dragMs = 0
let survivors: object[][] = []

/** Holds the event loop. */
function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

/** Makes arrays full of references that live long enough for the collector to move and mark them, and not for ever: that is most of the work for it. */
function litter(): void {
  const made: object[] = []
  for (let i = 0; i < 20_000; i++) made.push(new Array(16).fill(made))
  survivors.push(made)
  if (survivors.length > 30) survivors = survivors.slice(15)
}

/** Comes before the router's own turn, which is asked for by what has come in since. */
function drag(): void {
  if (dragMs === 0) return
  block(dragMs)
  setImmediate(drag)
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
  drag: ({ ms = 50 }) => {
    dragMs = ms
    setImmediate(drag)
  },
}

process.on('message', ({ fault }: ToFaultyDaemon) => {
  clearInterval(timer)
  survivors = []
  dragMs = 0
  faults[fault.kind](fault)
})
process.on('disconnect', () => process.exit())
process.send?.({ url: daemon.url, adminUrl: daemon.adminUrl })
