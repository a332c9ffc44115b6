import { readdirSync, readFileSync } from 'node:fs'

/** Kernel ticks a second in /proc/PID/stat: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** Processor time a process has used so far, in ms, all its threads together, and of its children that have ended; resolution 10 ms. */
export function cpuMsOf(pid: number): number {
  return cpuMsIn(`/proc/${pid}/stat`, 4)
}

/** The same of its first thread alone. */
export function mainCpuMsOf(pid: number): number {
  return cpuMsIn(`/proc/${pid}/task/${pid}/stat`, 2)
}

/** @param columns user and system time; with 4 those of children, too */
function cpuMsIn(path: string, columns: 2 | 4): number {
  const stat = readFileSync(path, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 11 + columns).reduce((sum, field) => sum + Number(field), 0)
  return (ticks * 1000) / TICKS_PER_SECOND
}

/** Time that these cores have been busy, whoever with, in ms. All cores when none are given. */
export function busyMsOf(cores: readonly number[]): number {
  const names = cores.length === 0 ? ['cpu'] : cores.map((core) => `cpu${core}`)
  let ticks = 0
  for (const line of readFileSync('/proc/stat', 'latin1').split('\n')) {
    const [name, ...columns] = line.split(/\s+/)
    if (!names.includes(name)) continue
    const [user, nice, system, , , irq, softirq, steal] = columns.map(Number)
    ticks += user + nice + system + irq + softirq + steal
  }
  return (ticks * 1000) / TICKS_PER_SECOND
}

/** Resident memory of a process. */
export function rssBytesOf(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
  if (match === null) throw new Error(`no VmRSS for process ${pid}`)
  return Number(match[1]) * 1024
}

/** Files and sockets that a process has open. */
export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Files and sockets that each process started from here may have open; Node raises its own limit to this at its start. */
export function descriptorsMax(): number {
  const hard = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))
  return hard === null ? Number.POSITIVE_INFINITY : Number(hard[1])
}

/**
 * Bytes that the kernel holds on a loopback connection: sent by one end and not yet read by the other.
 * A loopback segment counts in the sender's queue until acknowledged and in the receiver's until read, never in both.
 */
export function kernelQueueBytes(onePort: number, otherPort: number): number {
  let bytes = 0
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readTable(table)) {
      const [, local, remote, , queues] = line.trim().split(/\s+/)
      const ports = [portOf(local), portOf(remote)]
      if (!ports.includes(onePort) || !ports.includes(otherPort)) continue
      const [sending, receiving] = queues.split(':')
      bytes += Number.parseInt(sending, 16) + Number.parseInt(receiving, 16)
    }
  }
  return bytes
}

function readTable(path: string): string[] {
  try {
    return readFileSync(path, 'latin1').trim().split('\n').slice(1)
  } catch {
    return [] // no IPv6
  }
}

function portOf(address: string): number {
  return Number.parseInt(address.slice(address.indexOf(':') + 1), 16)
}
