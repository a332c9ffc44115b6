import { collects } from '../memory-looked-at.js'
import { rssBytesOf } from '../proc.js'

const SAMPLE_MS = 100
const SAMPLES = 8
const SPREAD_MAX = 0.003
const WAIT_MS_MAX = 8000

/** A collection frees what the one before it found. */
const COLLECTIONS = 2
const COLLECTION_MS = 400

/** Resident memory of a process once its garbage is collected and it has stopped changing, or after a bounded wait. */
export async function settledRssBytes(pid: number): Promise<number> {
  for (let i = 0; i < COLLECTIONS && collects(pid); i++) {
    process.kill(pid, 'SIGUSR2')
    await new Promise((resolve) => setTimeout(resolve, COLLECTION_MS))
  }
  const samples: number[] = []
  const startAt = performance.now()
  for (;;) {
    samples.push(rssBytesOf(pid))
    if (samples.length > SAMPLES) samples.shift()
    const last = samples[samples.length - 1]
    const calm = samples.length === SAMPLES && Math.max(...samples) - Math.min(...samples) <= last * SPREAD_MAX
    if (calm || performance.now() - startAt > WAIT_MS_MAX) return last
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS))
  }
}
