import t, { type Test } from 'tap'
import type { Command } from '../helpers/command.js'
import { DaemonProcess } from '../helpers/daemon.js'
import { until } from '../helpers/until.js'
import { readEvents } from './curl.js'
import { startNginx } from './nginx.js'
import { missing, start } from './programs.js'

t.setTimeout(120_000)

const skip = missing('nginx', 'nginx-light') || missing('curl')
/** Rounds of silence and heartbeat that a stream has to live through. */
const HEARTBEATS = 4
/** Longer than what nginx, and most other proxies, cut by default. */
const SILENCE_MS = 65_000
const LONG = 'takes more than a minute: set SLUICE_LONG=1, or SLUICE_LONG=nginx for this one alone'

async function eventsThrough(t: Test, proxy: string): Promise<Command> {
  const curl = start(t, 'curl', ['--silent', '--show-error', '--no-buffer', `${proxy}/v1/events?topic=orders.>`])
  await until('the stream begins', () => readEvents(curl).take('welcome').length === 1)
  return curl
}

async function publish(t: Test, base: string, id: number): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ id })
  t.equal((await fetch(`${base}/v1/topics/orders.eu`, { method: 'POST', headers, body })).status, 202)
}

/** Both ports that speak HTTP/1.1 without TLS, on either engine. */
function upstreams(daemon: DaemonProcess): string[] {
  return [daemon.url.replace(/^ws:/, 'http:'), daemon.http2Url]
}

t.test('heartbeats keep a silent stream alive, and events come at once', { skip }, async (t) => {
  const daemon = await DaemonProcess.start(t, { 'http.heartbeat': '1s' })
  for (const upstream of upstreams(daemon)) {
    const proxy = await startNginx(t, upstream, 'proxy_read_timeout 3s;')
    const curl = await eventsThrough(t, proxy)
    const before = readEvents(curl).comments
    await until('some heartbeats', () => readEvents(curl).comments >= before + HEARTBEATS || !curl.isRunning)
    t.ok(curl.isRunning, 'longer than nginx waits')
    await publish(t, proxy, 1)
    await until('the event', () => readEvents(curl).take().length === 1)
    t.same(readEvents(curl).take(), [['event', 'orders.eu', 3, { id: 1 }]])
    t.ok(curl.isRunning)
    curl.signal('SIGTERM')
    await curl.exited
  }
})

t.test('without them nginx cuts it', { skip }, async (t) => {
  const daemon = await DaemonProcess.start(t)
  const proxy = await startNginx(t, daemon.http2Url, 'proxy_read_timeout 1s;')
  const curl = await eventsThrough(t, proxy)
  await curl.exited
  t.equal(readEvents(curl).comments, 0, 'the next heartbeat would have come later')
})

t.test(
  'a stream lives through a minute of silence with the defaults of both',
  {
    skip: skip || (!['1', 'nginx'].includes(process.env.SLUICE_LONG ?? '') && LONG),
  },
  async (t) => {
    const daemon = await DaemonProcess.start(t)
    const streams = await Promise.all(
      upstreams(daemon).map(async (upstream) => {
        const proxy = await startNginx(t, upstream)
        return { proxy, curl: await eventsThrough(t, proxy) }
      }),
    )
    const began = performance.now()
    const isOver = () => performance.now() - began >= SILENCE_MS
    await until('a minute of silence', () => isOver() || streams.some(({ curl }) => !curl.isRunning), 2 * SILENCE_MS)
    for (const { proxy, curl } of streams) {
      t.ok(curl.isRunning)
      t.same(readEvents(curl).take(), [], 'nothing but comments')
      await publish(t, proxy, 7)
    }
    for (const { curl } of streams) {
      await until('both events', () => readEvents(curl).take().length === streams.length)
      t.same(readEvents(curl).take(), Array(streams.length).fill(['event', 'orders.eu', 3, { id: 7 }]))
    }
  },
)
