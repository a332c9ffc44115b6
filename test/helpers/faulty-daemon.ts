import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Flags {
  readonly [dotted: string]: string
}

export interface Fault {
  /**
   * `stall`: the loop is held for `ms` every `everyMs`. `freeze`: once. `garbage`: work for the collector every `everyMs`. `drag`: each turn of the loop takes
   * `ms` longer, between what came in and what goes out.
   */
  readonly kind: 'none' | 'stall' | 'freeze' | 'garbage' | 'drag'
  readonly ms?: number
  readonly everyMs?: number
}

export interface ToFaultyDaemon {
  readonly fault: Fault
}

interface Teardown {
  teardown(run: () => unknown): void
}

const ENTRY = fileURLToPath(new URL('faulty-daemon-process.js', import.meta.url))
const FLAGS: Flags = {
  'listen.port': '0',
  'http2.enabled': 'false',
  'admin.port': '0',
  'log.level': 'silent',
  'shutdown.goaway_spread': '0',
}

/** A daemon in a process of its own in which something can be made to go wrong: the product knows nothing of it. */
export class FaultyDaemon {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    readonly adminUrl: string,
  ) {}

  /** @param toml its configuration, beneath the flags */
  static async start(t: Teardown, flags: Flags = {}, toml = ''): Promise<FaultyDaemon> {
    const child = fork(ENTRY, [JSON.stringify({ ...FLAGS, ...flags }), toml], { execArgv: [] })
    t.teardown(() => child.kill('SIGKILL'))
    const [ready] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) =>
        Promise.reject(new Error(`the daemon ended with ${code} before it was ready`)),
      ),
    ])
    const { url, adminUrl } = ready as { url: string; adminUrl: string }
    return new FaultyDaemon(child, url, adminUrl)
  }

  /** Makes something go wrong from now on, until the next call. */
  suffer(fault: Fault): void {
    this.child.send({ fault } satisfies ToFaultyDaemon)
  }

  async get(path: string): Promise<unknown> {
    const response = await fetch(`${this.adminUrl}${path}`)
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    return response.json()
  }

  get pid(): number {
    return this.child.pid as number
  }
}
