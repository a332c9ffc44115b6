import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** What a thread asks the kernel for on the way of an event, and what else. */
export const CALL_KINDS = {
  read: ['read', 'readv', 'recvfrom', 'recvmsg', 'recvmmsg'],
  write: ['write', 'writev', 'sendto', 'sendmsg', 'sendmmsg'],
  wait: ['epoll_wait', 'epoll_pwait', 'epoll_pwait2', 'poll', 'io_uring_enter'],
  memory: ['brk', 'madvise', 'mmap', 'mprotect', 'mremap', 'munmap'],
  futex: ['futex'],
} as const
export type CallKind = keyof typeof CALL_KINDS | 'other'

export type Calls = { readonly [kind in CallKind]: number }

/** @returns null when strace can be attached to another process of ours here, or why it cannot */
export async function straceProblem(): Promise<string | null> {
  if (spawnSync('strace', ['-V']).status !== 0) return 'strace is not installed'
  const someone = spawn('sleep', ['60'], { stdio: 'ignore' })
  try {
    if (someone.pid === undefined) return 'there is nothing to try it on'
    await callsDuring(someone.pid, async () => {})
    return null
  } catch (error) {
    return `strace may not be attached here: ${(error as Error).message}`
  } finally {
    someone.kill()
  }
}

/**
 * Counts the system calls of a process's first thread, which is the routing thread, while something is done. The others (collector, compiler, observer) are
 * left out: what they do depends on the machine. Rejects when strace cannot attach.
 */
export async function callsDuring(pid: number, work: () => Promise<unknown>): Promise<Calls> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-guard-'))
  try {
    const summary = join(folder, 'calls')
    const strace = spawn('strace', ['-c', '-o', summary, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] })
    const ended = new Promise<void>((resolve) => strace.once('exit', () => resolve()))
    const said: string[] = []
    try {
      await new Promise<void>((resolve, reject) => {
        createInterface(strace.stderr).on('line', (line) => {
          said.push(line)
          if (line.includes('attached')) resolve()
        })
        void ended.then(() => reject(new Error(said.join(' ') || 'it ended')))
        strace.once('error', reject)
      })
      await work()
    } finally {
      strace.kill('SIGINT')
      await ended
    }
    return countCalls(readFileSync(summary, 'utf8'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Adds up a summary of `strace -c` by kind. */
export function countCalls(summary: string): Calls {
  const calls = { read: 0, write: 0, wait: 0, memory: 0, futex: 0, other: 0 }
  for (const line of summary.split('\n')) {
    // % time, seconds, µs a call, calls, [errors,] name
    const [share, , , count, ...rest] = line.trim().split(/\s+/)
    const name = rest.at(-1)
    if (name === undefined || name === 'total' || !/^[\d.]+$/.test(share)) continue
    calls[kindOf(name)] += Number(count)
  }
  return calls
}

/** Of each kind the lesser. */
export function leastCalls(one: Calls, other: Calls): Calls {
  const least = Object.entries(one).map(([kind, count]) => [kind, Math.min(count, other[kind as CallKind])])
  return Object.fromEntries(least) as Calls
}

function kindOf(call: string): CallKind {
  for (const [kind, names] of Object.entries(CALL_KINDS)) {
    if ((names as readonly string[]).includes(call)) return kind as CallKind
  }
  return 'other'
}
