import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, type ConfigSource, loadConfig } from '../../src/config/index.js'
import { type Daemon, startDaemon } from '../../src/daemon/daemon.js'
import { Op } from '../../src/protocol/ops.js'
import type { Flags } from './daemon.js'
import { type Scrape, scrape } from './metrics.js'
import { RawClient } from './raw-client.js'

interface Teardown {
  teardown(run: () => unknown): void
}

const PORTS =
  '[listen]\nport = 0\n[http2]\nport = 0\n[https]\nport = 0\n[admin]\nport = 0\n[shutdown]\ngoaway_spread = 0\ndrain_timeout = "1s"\n'

/** @param text TOML, without the sections of ports */
export function configFrom(text: string, level = 'silent'): Config {
  const loaded = load(text, level)
  if (!loaded.ok) throw new Error(loaded.problems.map(({ key, message }) => `${key}: ${message}`).join('\n'))
  return loaded.config
}

function load(text: string, level: string, flags: Flags = {}) {
  return loadConfig({ file: 'test.toml', text: `${PORTS}${text}`, env: {}, flags: { 'log.level': level, ...flags } })
}

/** A daemon of a configuration as text, which can be given another one. */
export class Secured {
  private constructor(
    readonly daemon: Daemon,
    private readonly set: (text: string, flags: Flags) => void,
  ) {}

  static async start(t: Teardown, text: string): Promise<Secured> {
    let now = text
    let flagsNow: Flags = {}
    const first = load(text, 'silent')
    if (!first.ok) throw new Error(JSON.stringify(first.problems))
    const source: ConfigSource = { digest: first.digest, read: () => load(now, 'silent', flagsNow) }
    const daemon = await startDaemon(first.config, source)
    const secured = new Secured(daemon, (next, flags) => {
      now = next
      flagsNow = flags
    })
    t.teardown(() => {
      // Nobody is left to be drained.
      for (const { socket } of secured.clients) socket.terminate()
      return daemon.stop('end of the test')
    })
    return secured
  }

  private readonly clients: RawClient[] = []

  /** @param flags for options of the sections of ports */
  reload(text: string, flags: Flags = {}): ReturnType<Daemon['reload']> {
    this.set(text, flags)
    return this.daemon.reload()
  }

  scrape(): Promise<Scrape> {
    return scrape(this.daemon.adminUrl)
  }

  /** A connection that has said nothing of who it is, or says it by a header. */
  async open(token = ''): Promise<RawClient> {
    const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` }
    const client = await RawClient.open(this.daemon.url, undefined, { headers })
    this.clients.push(client)
    return client
  }

  /** One that says it in its first frame, and is told what became of it. */
  async auth(credentials: Shown): Promise<{ client: RawClient; code: number }> {
    const client = await this.open()
    return { client, code: await auth(client, credentials) }
  }
}

type Shown = { token: string } | { user: string; password: string }

/** @returns 0, or the code that an AUTH was refused with */
export async function auth(client: RawClient, credentials: Shown, request = 77): Promise<number> {
  const answers = (): number =>
    client.controls.filter((frame) => 'request' in frame && frame.request === request).length
  const before = answers()
  client.send({ op: Op.AUTH, request, credentials })
  await client.until('an answer to AUTH', () => answers() > before)
  const answer = client.controls.filter((frame) => 'request' in frame && frame.request === request).at(-1)
  return answer?.op === Op.ERROR ? answer.code : 0
}

/** A folder of its own, gone with the test. */
export function folder(t: Teardown): { path(name: string): string; write(name: string, content: string): string } {
  const root = mkdtempSync(join(tmpdir(), 'sluice-auth-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const path = (name: string): string => join(root, name)
  return {
    path,
    write(name, content) {
      writeFileSync(path(name), content)
      return path(name)
    },
  }
}
