import { Worker } from 'node:worker_threads'
import { SharedState } from './shared-state.js'
import type { WorkerReport, WorkerTask } from './worker.js'

/** Between two looks at a worker. */
const LOOK_MS = 250

export interface RunOptions {
  /** The bundle of worker.ts. */
  workerPath: string
  /** One input that takes longer than this hangs. */
  hangMs: number
  heapMbMax: number
  onReport(report: WorkerReport): void
  onProgress(runs: number): void
}

/** Runs a worker to its end, and finds out when it hangs or dies. Resolves with the runs that it has done. */
export function runWorker(
  task: Omit<WorkerTask, 'shared'>,
  { workerPath, hangMs, heapMbMax, onReport, onProgress }: RunOptions,
): Promise<number> {
  const shared = SharedState.make(task.bytesMax)
  const state = new SharedState(shared)
  return new Promise((resolve) => {
    const worker = new Worker(workerPath, {
      workerData: { ...task, shared },
      resourceLimits: { maxOldGenerationSizeMb: heapMbMax },
    })
    let lastRuns = -1
    let sinceMs = performance.now()
    let isHanging = false
    const look = setInterval(() => {
      const { runs, isRunning } = state
      onProgress(runs)
      if (runs !== lastRuns || !isRunning) {
        lastRuns = runs
        sinceMs = performance.now()
      } else if (performance.now() - sinceMs > hangMs && !isHanging) {
        isHanging = true
        onReport({ kind: 'finding', input: state.input, why: `no end within ${hangMs} ms` })
        void worker.terminate()
      }
    }, LOOK_MS)
    worker.on('message', onReport)
    worker.on('error', (error) => {
      onReport({ kind: 'finding', input: state.input, why: `the worker died: ${error.stack ?? error.message}` })
    })
    worker.once('exit', () => {
      clearInterval(look)
      onProgress(state.runs)
      resolve(state.runs)
    })
  })
}
