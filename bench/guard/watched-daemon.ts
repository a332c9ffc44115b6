import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Target } from '../generator/job.js'
import { startDaemon } from '../subjects/sluice.js'
import { DEFAULTS } from '../subjects/subject.js'
import type { Allocations, Copies, Question, Reply } from './questions.js'

const WATCH = new URL('./watch.js', import.meta.url).href
const ANSWER_MS_MAX = 60_000

export type Port = 'uws' | 'streams'

/** The daemon of this checkout as anybody starts it, with a module in it that looks at its routing thread. */
export class WatchedDaemon {
  private constructor(
    private readonly child: ChildProcess,
    private readonly ports: { readonly [port in Port]: number },
    readonly stop: () => Promise<void>,
  ) {}

  /** @param core to pin it to; null: none */
  static async start(core: number | null): Promise<WatchedDaemon> {
    const { child, urls, stop } = await startDaemon({ core, need: DEFAULTS }, [], WATCH)
    const portOf = (url: string) => Number(new URL(url).port)
    return new WatchedDaemon(child, { uws: portOf(urls.listen), streams: portOf(urls.http2) }, stop)
  }

  get pid(): number {
    return this.child.pid!
  }

  target(port: Port): Target {
    const publish = { wire: 'sluice', port: this.ports[port], tls: false } as const
    return { ...publish, publish, pid: this.pid, adminUrl: null }
  }

  /** What the routing thread allocates while something is done. */
  async allocations(work: () => Promise<unknown>): Promise<Allocations> {
    await this.ask('watch')
    await work()
    const reply = await this.ask('allocations')
    if (!('allocations' in reply)) throw new Error('the daemon did not say what it has allocated')
    return reply.allocations
  }

  /** What JavaScript and WebAssembly on the routing thread copy while something is done. */
  async copies(work: () => Promise<unknown>): Promise<Copies> {
    await this.ask('count copies')
    await work()
    const reply = await this.ask('copies')
    if (!('copies' in reply)) throw new Error('the daemon did not say what it has copied')
    return reply.copies
  }

  private async ask(question: Question): Promise<Reply> {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX)
    const answered = once(this.child, 'message', { signal })
    this.child.send(question)
    const [reply] = await answered
    return reply as Reply
  }
}
