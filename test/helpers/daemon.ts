import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Config, loadConfig } from '../../src/config/index.js'
import { type Daemon, startDaemon } from '../../src/daemon/daemon.js'
import { type Scrape, scrape } from './metrics.js'

/** Options by dotted name, as on the command line: `{ 'memory.budget': '1MiB' }`. */
export interface Flags {
  readonly [dotted: string]: string
}

interface Teardown {
  teardown(run: () => unknown): void
}

const FREE_PORTS: Flags = { 'listen.port': '0', 'http2.port': '0', 'https.port': '0', 'admin.port': '0' }
const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url))
const READY_PATIENCE_MS = 30_000

export function configOf(flags: Flags = {}): Config {
  const loaded = loadConfig({ env: {}, flags: { ...FREE_PORTS, 'log.level': 'silent', ...flags } })
  if (!loaded.ok) throw new Error(loaded.problems.map(({ key, message }) => `${key}: ${message}`).join('\n'))
  return loaded.config
}

/** A daemon in this process, on ports of its own, stopped at the end of the test. */
export async function daemonHere(t: Teardown, flags: Flags = {}): Promise<Daemon & { scrape(): Promise<Scrape> }> {
  const daemon = await startDaemon(
    configOf({ 'shutdown.goaway_spread': '0', 'shutdown.drain_timeout': '1s', ...flags }),
  )
  t.teardown(() => daemon.stop('end of the test'))
  return { ...daemon, scrape: () => scrape(daemon.adminUrl) }
}

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A daemon as a process of its own, started by its command line. */
export class DaemonProcess {
  readonly exited: Promise<Exit>
  url = ''
  /** Empty when the port is not open. */
  http2Url = ''
  httpsUrl = ''
  adminUrl = ''
  /** All that it wrote. */
  stdout = ''
  stderr = ''
  private exit: Exit | null = null

  private constructor(private readonly child: ChildProcess) {
    this.exited = new Promise((resolve) => {
      // Not at "exit": what it wrote last must be here then.
      child.once('close', (code, signal) => {
        this.exit = { code, signal }
        resolve(this.exit)
      })
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString()
    })
  }

  /**
   * Resolves once it says that it is ready. Killed at the end of the test, if it is still there.
   * @param file with the configuration that the flags go over
   */
  static async start(t: Teardown, flags: Flags = {}, file = 'none'): Promise<DaemonProcess> {
    const options = Object.entries({ ...FREE_PORTS, ...flags }).flatMap(([key, value]) => [`--${key}`, value])
    const child = spawn(process.execPath, [MAIN, 'serve', '--config', file, ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const daemon = new DaemonProcess(child)
    t.teardown(async () => {
      daemon.signal('SIGKILL')
      await daemon.exited
    })
    await daemon.untilReady()
    return daemon
  }

  private untilReady(): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`not ready: ${this.stdout}${this.stderr}`)), READY_PATIENCE_MS)
      this.child.stdout?.on('data', (chunk: Buffer) => {
        this.stdout += chunk.toString()
        const ready = / ready: (wss?:\S+) · .*\n/.exec(this.stdout)
        if (ready === null || this.url !== '') return
        this.url = ready[1]
        this.http2Url = / · http2 (\S+) · /.exec(ready[0])?.[1] ?? ''
        this.httpsUrl = / · https (\S+) · /.exec(ready[0])?.[1] ?? ''
        this.adminUrl = / · admin (\S+) · /.exec(ready[0])?.[1] ?? ''
        clearTimeout(late)
        resolve()
      })
      void this.exited.then(({ code }) => {
        clearTimeout(late)
        reject(new Error(`exited with ${code} before it was ready: ${this.stdout}${this.stderr}`))
      })
    })
  }

  get pid(): number {
    return this.child.pid as number
  }

  get port(): number {
    return Number(new URL(this.url).port)
  }

  get isRunning(): boolean {
    return this.exit === null
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.child.kill(signal)
  }

  scrape(): Promise<Scrape> {
    return scrape(this.adminUrl)
  }

  /** Processor time of all its threads so far, in steps of 10 ms. */
  get cpuMs(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'latin1').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  }

  /** Resident memory in bytes. */
  get residentBytes(): number {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))
    return Number(kib?.[1]) * 1024
  }

  /** Log lines, parsed. */
  get logs(): { msg: string; [key: string]: unknown }[] {
    return this.stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { msg: string })
  }
}
