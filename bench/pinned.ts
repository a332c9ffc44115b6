import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Which processor a process is pinned to; null where it cannot be. */
export interface Pinning {
  subjectCore: number | null
  generatorCore: number | null
  /** Why nothing is pinned, or null. */
  problem: string | null
}

export function pinning(subjectCore: number, generatorCore: number): Pinning {
  const cannot = (problem: string): Pinning => ({ subjectCore: null, generatorCore: null, problem })
  if (spawnSync('taskset', ['--version']).status !== 0) return cannot('taskset (util-linux) is not installed')
  if (availableParallelism() < 2) return cannot('there is one core only, which daemon and generator share')
  for (const core of [subjectCore, generatorCore]) {
    if (spawnSync('taskset', ['-c', String(core), 'true']).status !== 0)
      return cannot(`there is no core ${core} to pin to`)
  }
  return { subjectCore, generatorCore, problem: null }
}

/** Spawns on one core. taskset replaces itself by the command, so the child's id is that of the command. */
export function spawnPinned(core: number | null, command: string, args: string[], options: SpawnOptions): ChildProcess {
  const child =
    core === null ? spawn(command, args, options) : spawn('taskset', ['-c', String(core), command, ...args], options)
  alive.add(child)
  child.once('exit', () => alive.delete(child))
  return child
}

const alive = new Set<ChildProcess>()

/** However this process ends, nothing that it started stays behind. */
export function endChildrenOnExit(): void {
  process.on('exit', endChildren)
}

/** Whoever waits for one of them hears of its end. */
export function endChildren(): void {
  for (const child of alive) child.kill('SIGKILL')
}

const STOP_MS = 5000

/** Ends a process: asks, then insists. */
export function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill('SIGTERM')
  })
}
