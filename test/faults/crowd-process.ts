import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Events of this topic carry a sequence number and the publisher's time; others are only counted. */
export const MEASURED_TOPIC = 'tick'

export interface CrowdOptions {
  url: string
  /** Subscribers. */
  size: number
  pattern: string
}

export interface CrowdReport {
  /** Events, over all subscribers and since the start. */
  received: number
  /** Sequence number that the slowest expects next: it has all before. */
  least: number
  /** Times that a sequence number was not the one expected. */
  holes: number
  /** Events that gap frames told of. */
  gaps: number
  closed: number
  /** From the publisher's clock to the subscriber's callback, since the last report. */
  p50Us: number
  p99Us: number
}

interface Teardown {
  teardown(run: () => unknown): void
}

/** Subscribers in a process of their own, so that they can be stopped as a whole and have an event loop to themselves. */
export class Crowd {
  private constructor(private readonly child: ChildProcess) {}

  static async start(t: Teardown, options: CrowdOptions): Promise<Crowd> {
    const child = fork(fileURLToPath(new URL('crowd.js', import.meta.url)), [JSON.stringify(options)])
    t.teardown(() => child.kill('SIGKILL'))
    await once(child, 'message')
    return new Crowd(child)
  }

  async report(): Promise<CrowdReport> {
    const answer = once(this.child, 'message')
    this.child.send('report')
    const [report] = (await answer) as [CrowdReport]
    return report
  }

  /** As a process that hangs: its sockets are open and nobody reads them. */
  freeze(): void {
    this.child.kill('SIGSTOP')
  }

  thaw(): void {
    this.child.kill('SIGCONT')
  }
}
