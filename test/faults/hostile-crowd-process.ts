import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface HostileOptions {
  size: number
  port: number
  httpsPort: number
}

export interface HostileNews {
  /** Connections that came about, and those of them that are over. */
  connected: number
  over: number
  /** Connections that did not come about. */
  refused: number
  /** Still there, by kind. */
  left: Record<string, number>
  longestMs: Record<string, number>
}

interface Teardown {
  teardown(run: () => unknown): void
}

/** Hostile peers in a process of their own. */
export class HostileCrowd {
  private constructor(private readonly child: ChildProcess) {}

  /** Resolves when all have come. */
  static async start(t: Teardown, options: HostileOptions): Promise<HostileCrowd> {
    const child = fork(fileURLToPath(new URL('hostile-crowd.js', import.meta.url)), [JSON.stringify(options)])
    t.teardown(() => child.kill('SIGKILL'))
    await once(child, 'message')
    return new HostileCrowd(child)
  }

  async news(): Promise<HostileNews> {
    const answer = once(this.child, 'message')
    this.child.send('news')
    const [news] = (await answer) as [HostileNews]
    return news
  }

  stop(): void {
    this.child.kill('SIGKILL')
  }
}
