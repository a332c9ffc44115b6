import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'

/** Where and what was measured. */
export interface Machine {
  processor: string
  cores: number
  memoryBytes: number
  kernel: string
  node: string
  commit: string
}

export function machine(): Machine {
  const processors = cpus()
  return {
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    commit: commit(),
  }
}

function commit(): string {
  const head = git('rev-parse', 'HEAD')
  if (head === null) return 'unknown'
  return git('status', '--porcelain', '--untracked-files=no') === '' ? head : `${head} with changes`
}

function git(...args: string[]): string | null {
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : null
}
