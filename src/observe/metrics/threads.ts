import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const TASKS = '/proc/self/task'
/** Of times in /proc; the same on every Linux, whatever the kernel counts in. */
const TICKS_PER_SECOND = 100
/** Of proc(5)'s stat, counted from behind the name: utime and stime. */
const USER_FIELD = 11
const SYSTEM_FIELD = 12

/** Processor time in seconds by thread of this process, called on the observer's; nothing where there is no /proc. Threads of one name are one. */
export function cpuByThread(): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  for (const task of tasks()) {
    const read = readTask(task)
    if (read !== null) times.set(read.name, (times.get(read.name) ?? 0) + read.seconds)
  }
  return times
}

function tasks(): string[] {
  try {
    return readdirSync(TASKS)
  } catch {
    return []
  }
}

/** Null when it has ended meanwhile. */
function readTask(task: string): { name: string; seconds: number } | null {
  try {
    const stat = readFileSync(`${TASKS}/${task}/stat`, 'latin1')
    const end = stat.lastIndexOf(')')
    const fields = stat.slice(end + 2).split(' ')
    return {
      name: nameOf(task, stat.slice(stat.indexOf('(') + 1, end)),
      seconds: (Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD])) / TICKS_PER_SECOND,
    }
  } catch {
    return null
  }
}

function nameOf(task: string, known: string): string {
  if (Number(task) === process.pid) return 'routing'
  return readlinkSync('/proc/thread-self').endsWith(`/${task}`) ? 'observer' : known
}
