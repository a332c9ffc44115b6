import { fileURLToPath } from 'node:url'
import { type Pinning, spawnPinned } from './pinned.js'

const SPINNER = fileURLToPath(new URL('./spinner.js', import.meta.url))
const SPIN_MS = 2000

/**
 * What the machine itself adds to a latency: how long something due at a random moment waits because a process that does nothing else does not have
 * its core just then. In µs. No percentile of a benchmark can be trusted below it.
 */
export interface CoreNoise {
  core: number
  p99Us: number
  p999Us: number
}

/** Spins on the cores of subject and generator at once, as both are busy in a run. */
export async function measureNoise({ subjectCore, generatorCore }: Pinning): Promise<CoreNoise[]> {
  const cores = [...new Set([subjectCore, generatorCore])].filter((core) => core !== null)
  return Promise.all(
    cores.map(async (core) => {
      const gaps = await spin(core)
      return { core, p99Us: waitAbove(gaps, 0.01) * 1000, p999Us: waitAbove(gaps, 0.001) * 1000 }
    }),
  )
}

function spin(core: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const
    const child = spawnPinned(core, process.execPath, [SPINNER, String(SPIN_MS)], { stdio: [...stdio] })
    child.once('message', (gaps) => resolve(gaps as number[]))
    child.once('exit', (code) => reject(new Error(`the spinning process ended with ${code}`)))
  })
}

/** The wait x with P(wait > x) = share, for a moment chosen evenly: the time left in the gaps beyond x, over all the time. */
function waitAbove(gapsMs: readonly number[], share: number): number {
  let low = 0
  let high = Math.max(0, ...gapsMs)
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2
    const beyond = gapsMs.reduce((sum, gap) => sum + Math.max(0, gap - middle), 0)
    if (beyond / SPIN_MS > share) low = middle
    else high = middle
  }
  return high
}
