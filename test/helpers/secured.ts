import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, type ConfigSource, loadConfig } from '../../src/config/index.js'
import { type Daemon, startDaemon } from '../../src/daemon/daemon.js'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
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

function load(text: string, level: string) {
  return loadConfig({ file: 'test.toml', text: `${PORTS}${text}`, env: {}, flags: { 'log.level': level } })
}

/** A daemon of a configuration as text, which can be given another one. */
export class Secured {
  private constructor(
    readonly daemon: Daemon,
    private readonly set: (text: string) => void,
  ) {}

  static async start(t: Teardown, text: string): Promise<Secured> {
    let now = text
    const first = load(text, 'silent')
    if (!first.ok) throw new Error(JSON.stringify(first.problems))
    const source: ConfigSource = { digest: first.digest, read: () => load(now, 'silent') }
    const daemon = await startDaemon(first.config, source)
    t.teardown(() => daemon.stop('end of the test'))
    return new Secured(daemon, (next) => {
      now = next
    })
  }

  reload(text: string): ReturnType<Daemon['reload']> {
    this.set(text)
    return this.daemon.reload()
  }

  scrape(): Promise<Scrape> {
    return scrape(this.daemon.adminUrl)
  }

  /** A connection that says who it is by a header. */
  open(token: string): Promise<RawClient> {
    return RawClient.open(this.daemon.url, undefined, { headers: { authorization: `Bearer ${token}` } })
  }

  /** One that says it in its first frame, and is told what became of it. */
  async auth(
    credentials: { token: string } | { user: string; password: string },
  ): Promise<{ client: RawClient; code: number }> {
    const client = await RawClient.open(this.daemon.url)
    return { client, code: await auth(client, credentials) }
  }
}

/** @returns 0, or the code that an AUTH was refused with */
export async function auth(
  client: RawClient,
  credentials: { token: string } | { user: string; password: string },
  request = 77,
): Promise<number> {
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

export { Code }
