import { spawnSync } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { spawnPinned, stopProcess } from '../pinned.js'
import type { RunningSubject } from '../subjects/subject.js'

const START_MS = 10_000
const RETRY_MS = 25

/** Starts a server that is found by its port, and waits until it accepts connections. */
export async function startServer(
  core: number | null,
  command: string,
  port: number,
  args: string[],
): Promise<RunningSubject> {
  const child = spawnPinned(core, command, args, { stdio: 'ignore' })
  const startAt = performance.now()
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`)
    if (performance.now() - startAt > START_MS) {
      await stopProcess(child)
      throw new Error(`${command} does not listen on port ${port}`)
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
  return { pid: child.pid!, port, stop: () => stopProcess(child) }
}

export function versionOf(command: string, debianPackage: string): { version: string } | { absent: string } {
  const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' })
  if (status !== 0) return { absent: `${command} is not installed (Debian: apt install ${debianPackage})` }
  return { version: stdout.trim().split('\n')[0] }
}

/** A port that was free a moment ago: the peers cannot say which one they chose. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
