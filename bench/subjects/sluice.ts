import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { certificateFiles, certificateProblem } from '../certificate.js'
import { spawnPinned, stopProcess } from '../pinned.js'
import { roleFile } from '../role-file.js'
import type { Need, OurName, RunningSubject, StartOptions, Subject } from './subject.js'

const DAEMON = fileURLToPath(new URL('../../src/main.js', import.meta.url))
const START_MS = 10_000
const FREE_PORTS = ['listen', 'http2', 'https', 'admin'].flatMap((section) => [`--${section}.port`, '0'])
const SETTINGS = 'defaults, and what a scenario says it raises'

/** The daemon of this checkout, as `sluice serve` starts it, with all of its features on. */
export const sluice = ours('sluice', 'sluice', SETTINGS, [], (urls, process) => ({
  ...process,
  port: portOf(urls.listen),
}))

/** The same daemon on its other port, whose engine is ours. */
export const sluiceStreams = ours('sluice-streams', 'sluice on Node’s streams', SETTINGS, [], (urls, process) => ({
  ...process,
  port: portOf(urls.http2),
}))

/** Published in the body of one HTTP/2 request, received by WebSocket. */
export const sluiceHttp2 = ours('sluice-http2', 'sluice, published over HTTP/2', SETTINGS, [], (urls, process) => ({
  ...process,
  port: portOf(urls.listen),
  publish: { wire: 'sluice-http2', port: portOf(urls.http2), tls: false },
}))

/** Another process of the very same: what differs between the two is noise. */
export const sluiceAgain = ours('sluice-again', 'sluice, again', SETTINGS, [], (urls, process) => ({
  ...process,
  port: portOf(urls.listen),
}))

/** Both ports of one daemon; who measures it has to use both. */
export const sluiceBoth = ours('sluice-both', 'sluice, both ports', SETTINGS, [], (urls, process) => ({
  ...process,
  port: portOf(urls.listen),
  publish: { wire: 'sluice', port: portOf(urls.http2), tls: false },
}))

/** As daemons are compared that differ in this only. */
const UNTIMED = ['--observe.latency', 'false']
const UNTIMED_SETTINGS = `${SETTINGS}; events are not timed`

export const sluiceUntimed = ours('sluice-untimed', 'sluice, untimed', UNTIMED_SETTINGS, UNTIMED, (urls, process) => ({
  ...process,
  port: portOf(urls.listen),
}))

export const sluiceStreamsUntimed = ours(
  'sluice-streams-untimed',
  'sluice on Node’s streams, untimed',
  UNTIMED_SETTINGS,
  UNTIMED,
  (urls, process) => ({ ...process, port: portOf(urls.http2) }),
)

const PERMITTED_SETTINGS = `${SETTINGS}; everybody has a role with rules`

export const sluicePermitted = ours(
  'sluice-permitted',
  'sluice, with a role',
  PERMITTED_SETTINGS,
  'role',
  (urls, process) => ({ ...process, port: portOf(urls.listen) }),
)

export const sluiceStreamsPermitted = ours(
  'sluice-streams-permitted',
  'sluice on Node’s streams, with a role',
  PERMITTED_SETTINGS,
  'role',
  (urls, process) => ({ ...process, port: portOf(urls.http2) }),
)

const TLS_SETTINGS = `${SETTINGS}; ECDSA P-256 certificate, ticket key in a file`

export const sluiceTls = ours('sluice-tls', 'sluice, TLS', TLS_SETTINGS, 'tls', (urls, process) => ({
  ...process,
  port: portOf(urls.listen),
  tls: certificateFiles(),
}))

export const sluiceStreamsTls = ours(
  'sluice-streams-tls',
  'sluice on Node’s streams, TLS',
  TLS_SETTINGS,
  'tls',
  (urls, process) => ({ ...process, port: portOf(urls.https), tls: certificateFiles() }),
)

/** Addresses that the daemon said; empty where it has none. */
interface Urls {
  listen: string
  http2: string
  https: string
  admin: string
}

type DaemonProcess = Pick<RunningSubject, 'pid' | 'stop' | 'adminUrl'>

function ours(
  name: OurName,
  label: string,
  settings: string,
  extra: readonly string[] | 'tls' | 'role',
  reach: (urls: Urls, process: DaemonProcess) => RunningSubject,
): Subject {
  return {
    name,
    label,
    wire: 'sluice',
    settings,
    probe() {
      if (!existsSync(DAEMON)) return { absent: `${DAEMON} is not built` }
      const problem = extra === 'tls' ? certificateProblem() : null
      return problem === null ? { version: 'this checkout' } : { absent: problem }
    },
    async start(options) {
      const { urls, pid, stop } = await startDaemon(options, flagsOf(extra))
      return reach(urls, { pid, stop, adminUrl: urls.admin })
    },
  }
}

/**
 * Starts the daemon of this checkout on free ports.
 * @param preload a module that runs in it first and talks to this process by IPC; null: none
 */
export async function startDaemon(
  { core, need }: StartOptions,
  extra: readonly string[],
  preload: string | null = null,
) {
  const config = extra.includes('--config') ? [] : ['--config', 'none']
  const node = preload === null ? [] : ['--import', preload]
  const args = [...node, DAEMON, 'serve', ...config, ...FREE_PORTS, ...flags(need), ...extra]
  const child = spawnPinned(core, process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...(preload === null ? [] : (['ipc'] as const))],
  })
  const said: string[] = []
  const urls = await new Promise<Urls>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the daemon ${why}:\n${said.join('\n')}`))
    const timer = setTimeout(() => fail('did not say its address'), START_MS)
    const onLine = (line: string) => {
      said.push(line)
      const ready = / ready: (wss?:\S+) · .*/.exec(line)
      if (ready === null) return
      clearTimeout(timer)
      const named = (name: string) => new RegExp(` · ${name} (http\\S+)`).exec(ready[0])?.[1] ?? ''
      resolve({ listen: ready[1], http2: named('http2'), https: named('https'), admin: named('admin') })
    }
    for (const stream of [child.stdout, child.stderr]) createInterface(stream as Readable).on('line', onLine)
    child.once('exit', (code) => {
      clearTimeout(timer)
      fail(`ended with ${code}`)
    })
  })
  return { urls, child, pid: child.pid!, stop: () => stopProcess(child) }
}

function portOf(url: string): number {
  if (url === '') throw new Error('the daemon of this checkout does not open that port')
  return Number(new URL(url).port)
}

function flagsOf(extra: readonly string[] | 'tls' | 'role'): readonly string[] {
  if (extra === 'tls') return tlsFlags()
  return extra === 'role' ? ['--config', roleFile()] : extra
}

function tlsFlags(): string[] {
  const { certificate, key, ticketKey } = certificateFiles()
  return [
    '--listen.tls',
    'true',
    '--tls.certificate',
    certificate,
    '--tls.key',
    key,
    // Stays when the daemon is started again, so that tickets of the old one are good for the new one.
    '--tls.ticket_key_file',
    ticketKey,
  ]
}

/** A scenario's needs in the daemon's options (config/sluice.toml). */
function flags(need: Need): string[] {
  const flags: string[] = []
  if (need.outboxBytesMax > 0) flags.push('--outbox.bytes_max', String(need.outboxBytesMax))
  if (need.memoryBytesMax > 0) flags.push('--memory.budget', String(need.memoryBytesMax))
  if (need.outboxEventsMax > 0) flags.push('--outbox.events_max', String(need.outboxEventsMax))
  if (need.messageBytesMax > 0) {
    const size = String(need.messageBytesMax)
    flags.push('--listen.message_bytes_max', size, '--router.slab_bytes', size)
  }
  if (need.topicsMax > 0) flags.push('--router.topics_max', String(need.topicsMax))
  if (need.connectionsMax > 0) flags.push('--listen.connections_max', String(need.connectionsMax))
  return flags
}
