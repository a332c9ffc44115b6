import { readFileSync } from 'node:fs'

const COLLECTOR = new URL('./collector.js', import.meta.url).href

/** What is started meanwhile collects its garbage when it is asked by SIGUSR2, if it is a Node process; all others know nothing of it. */
export async function asCollecting<T>(start: () => Promise<T>): Promise<T> {
  const before = process.env.NODE_OPTIONS
  process.env.NODE_OPTIONS = `${before ?? ''} --import ${COLLECTOR}`.trim()
  try {
    return await start()
  } finally {
    if (before === undefined) delete process.env.NODE_OPTIONS
    else process.env.NODE_OPTIONS = before
  }
}

/** Whether a process may be asked: any other would be ended by it. */
export function collects(pid: number): boolean {
  const wasAsked = readFileSync(`/proc/${pid}/environ`, 'latin1').includes(COLLECTOR)
  return wasAsked && readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')[0] === process.execPath
}
