import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface FloodOptions {
  url: string
  connections: number
  eventsPerMessage: number
  payloadBytes: number
  topic: string
  lane: number
}

/** What one publisher has seen. */
export interface FloodResult {
  published: number
  accepted: number
  refused: number
  /** Sum of the counts in ERROR frames. */
  overloadedTold: number
  codes: number[]
  retryAfterMs: number[]
}

export interface Flood {
  /** Stops publishing and waits until the daemon has answered for everything. */
  stop(): Promise<FloodResult[]>
}

interface Teardown {
  teardown(run: () => unknown): void
}

/** Starts publishers in a process of their own. */
export async function startFlood(t: Teardown, options: FloodOptions): Promise<Flood> {
  const child = fork(fileURLToPath(new URL('flooder.js', import.meta.url)), [JSON.stringify(options)])
  t.teardown(() => child.kill('SIGKILL'))
  await once(child, 'message')
  return {
    async stop() {
      const told = once(child, 'message')
      const ended = once(child, 'exit').then(([code]) => {
        throw new Error(`the publishers ended with ${code} before they were done`)
      })
      child.send('stop')
      const [results] = (await Promise.race([told, ended])) as [FloodResult[]]
      ended.catch(() => {})
      return results
    },
  }
}
