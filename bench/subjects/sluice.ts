import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { spawnPinned, stopProcess } from '../pinned.js'
import type { Need, Subject } from './subject.js'

const DAEMON = fileURLToPath(new URL('../../src/main.js', import.meta.url))
const START_MS = 10_000

/** The daemon of this checkout, as `sluice serve` starts it, with all of its features on. */
export const sluice: Subject = {
  name: 'sluice',
  label: 'sluice',
  wire: 'sluice',
  settings: 'defaults, and what a scenario says it raises',

  probe() {
    return existsSync(DAEMON) ? { version: 'this checkout' } : { absent: `${DAEMON} is not built` }
  },

  async start({ core, need }) {
    const args = [DAEMON, 'serve', '--config', 'none', '--listen.port', '0', '--http2.port', '0', '--admin.port', '0', ...flags(need)]
    const child = spawnPinned(core, process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const said: string[] = []
    const port = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the daemon did not say its address:\n${said.join('\n')}`)),
        START_MS,
      )
      const onLine = (line: string) => {
        said.push(line)
        const match = /ws:\/\/[^\s"/:]+:(\d+)/.exec(line)
        if (match === null) return
        clearTimeout(timer)
        resolve(Number(match[1]))
      }
      for (const stream of [child.stdout, child.stderr]) createInterface(stream as Readable).on('line', onLine)
      child.once('exit', (code) => {
        clearTimeout(timer)
        reject(new Error(`the daemon ended with ${code}:\n${said.join('\n')}`))
      })
    })
    return { pid: child.pid!, port, stop: () => stopProcess(child) }
  },
}

/** A scenario's needs in the daemon's options (config/sluice.toml). */
function flags(need: Need): string[] {
  const flags: string[] = []
  if (need.outboxBytesMax > 0) flags.push('--outbox.bytes_max', String(need.outboxBytesMax))
  if (need.memoryBytesMax > 0) flags.push('--memory.budget', String(need.memoryBytesMax))
  if (need.outboxEventsMax > 0) flags.push('--outbox.events_max', String(need.outboxEventsMax))
  if (need.connectionsMax > 0) flags.push('--listen.connections_max', String(need.connectionsMax))
  return flags
}
