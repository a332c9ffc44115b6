import { readFileSync } from 'node:fs'

/** What a process has open beside its connections: its own files, pipes, ports. */
const BESIDE = 64

/** Refuses a run whose connections do not fit the descriptors of a process, before the first of them fails for a reason that nobody understands. */
export function checkDescriptors(whose: string, limit: number, connections: number): void {
  const needed = connections + BESIDE
  if (needed <= limit) return
  throw new Error(`${connections} connections need ${needed} descriptors, and ${whose} may have ${limit} (ulimit -n)`)
}

/** Of a process, by /proc. */
export function descriptorsMax(pid: number | 'self'): number {
  return descriptorsIn(readFileSync(`/proc/${pid}/limits`, 'utf8'))
}

/** The soft limit, which is the one that counts. */
export function descriptorsIn(limits: string): number {
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1]
  return soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}
