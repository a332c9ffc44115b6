import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface ReturningOptions {
  size: number
  isSecure: boolean
}

export interface CrowdCommand {
  port: number
}

export interface CrowdNews {
  what: 'back' | 'lost'
  /** From the moment in which all came. */
  ms: number
  /** Connections that were opened for it. */
  attempts: number
  /** Processor time that they took. */
  cpuMs: number
}

interface Teardown {
  teardown(run: () => unknown): void
}

/** Subscribers in a process of their own that come back all at once. */
export class ReturningCrowd {
  private constructor(private readonly child: ChildProcess) {}

  static start(t: Teardown, options: ReturningOptions): ReturningCrowd {
    const child = fork(fileURLToPath(new URL('returning-crowd.js', import.meta.url)), [JSON.stringify(options)])
    t.teardown(() => child.kill('SIGKILL'))
    return new ReturningCrowd(child)
  }

  /** Resolves when all of them are subscribed. */
  async come(port: number): Promise<CrowdNews> {
    const news = this.next()
    this.child.send({ port } satisfies CrowdCommand)
    return news
  }

  /** The next that is told. */
  async next(): Promise<CrowdNews> {
    const [news] = (await once(this.child, 'message')) as [CrowdNews]
    return news
  }
}
