import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { NodeIngressOptions } from '../../src/ingress/node/options.js'

export interface TargetReport {
  /** Requests that reached the handler, and those that it answered at their end. */
  handled: number
  answered: number
  connections: number
  /** Connections ended by reason. */
  hostile: { [reason: string]: number }
  residentBytes: number
}

interface Teardown {
  teardown(run: () => unknown): void
}

/** The listener on Node's streams in a process of its own, so that its memory can be told. */
export class Http2Target {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  static async start(t: Teardown, options: Partial<NodeIngressOptions> = {}): Promise<Http2Target> {
    const child = fork(fileURLToPath(new URL('http2-target-process.js', import.meta.url)), [JSON.stringify(options)], {
      execArgv: ['--expose-gc'],
    })
    t.teardown(() => child.kill('SIGKILL'))
    const [port] = (await once(child, 'message')) as [number]
    return new Http2Target(child, port)
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  async report(): Promise<TargetReport> {
    const answer = once(this.child, 'message')
    this.child.send('report')
    const [report] = (await answer) as [TargetReport]
    return report
  }
}
