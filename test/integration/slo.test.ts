import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { unpack } from 'msgpackr'
import t, { type Test } from 'tap'
import type { SloEvent, SloStats } from '../../src/observe/stats.js'
import { Command } from '../helpers/command.js'
import { FaultyDaemon } from '../helpers/faulty-daemon.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

t.setTimeout(120_000)

const SLO = '[[slo]]\nname = "orders"\ntopics = "orders.>"\nthreshold = "250ms"\nobjective = 0.99\n'
const PUBLISH_EVERY_MS = 5
/** Fills the buffers of a connection that nobody reads within a second or two. */
const PAYLOAD = Buffer.alloc(8192, 'x')

async function webhook(t: Test): Promise<{ url: string; received: unknown[] }> {
  const received: unknown[] = []
  const server = createServer(async (request, response) => {
    received.push(await json(request))
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, received }
}

t.test('a breach is told on the bus and to the webhook, with the stage and who is furthest behind', async (t) => {
  const { url, received } = await webhook(t)
  const daemon = await FaultyDaemon.start(t, { 'observe.webhook': url, 'server.name': 'here' }, SLO)
  const told: SloEvent[] = []
  const watcher = await RawClient.open(daemon.url)
  watcher.onEvent = ({ payload }) => told.push(unpack(payload) as SloEvent)
  await watcher.subscribe('$sys.slo.orders')
  const reader = await RawClient.open(daemon.url)
  reader.onEvent = () => {}
  await reader.subscribe('orders.>')
  const frozen = await RawClient.open(daemon.url)
  await frozen.subscribe('orders.>')
  frozen.socket.pause()
  const publisher = await RawClient.open(daemon.url)
  const publishing = setInterval(() => publisher.publish('orders.eu', PAYLOAD), PUBLISH_EVERY_MS)
  t.teardown(() => clearInterval(publishing))
  await until('somebody is behind', async () => {
    const stats = await fetch(`${daemon.adminUrl}/stats`)
    return stats.ok && ((await stats.json()) as { slow: unknown[] }).slow.length > 0
  })

  daemon.suffer({ kind: 'drag', ms: 600 })
  await until('it is told on the bus', () => told.some(({ state }) => state === 'page'))
  const event = told.find(({ state }) => state === 'page')
  t.match(event, {
    name: 'orders',
    worstStage: 'queue',
    slo: { threshold: undefined, thresholdMs: 250, objective: 0.99, windowDays: 28, state: 'page' },
    says: /^orders: .*Most of the time went into waiting for the router\. Furthest behind: /,
  })
  t.equal(event?.slow.length, 1)
  t.ok((event?.slow[0].blockedMs ?? 0) > 0)
  await until('it is posted', () => received.length >= told.length)
  t.match(received.at(-1), { server: 'here', ...told.at(-1) })
  daemon.suffer({ kind: 'none' })
})

t.test('what was counted is there again after a restart', async (t) => {
  const folder = t.testdir()
  const file = join(folder, 'sluice.toml')
  const stateFile = join(folder, 'slo.json')
  writeFileSync(file, `${SLO}[observe]\nstate_file = ${JSON.stringify(stateFile)}\n`)
  const start = async () => {
    const words = ['serve', file, '--listen.port', '0', '--http2.enabled', 'false', '--admin.port', '0']
    const daemon = Command.start(t, words)
    const ready = () => / ready: (\S+) .* admin (\S+) /.exec(daemon.stdout)
    await until('it is ready', () => ready() !== null || !daemon.isRunning)
    const [, url, adminUrl] = ready() as RegExpExecArray
    const slo = async () => (await (await fetch(`${adminUrl}/slos/orders`)).json()) as SloStats
    const stop = async () => {
      daemon.signal('SIGTERM')
      await daemon.exited
      t.equal(daemon.code, 0)
    }
    return { url, slo, stop }
  }
  const deliver = async (url: string, count: number) => {
    const client = await RawClient.open(url)
    await client.subscribe('orders.>')
    for (let i = 0; i < count; i++) client.publish('orders.eu', 'an event')
    await client.until('all are delivered', () => client.events.length === count)
    client.socket.close()
    await client.untilClosed()
  }

  const one = await start()
  await deliver(one.url, 300)
  await one.stop()
  t.ok(existsSync(stateFile), 'also what has come in the last second')
  t.match(JSON.parse(readFileSync(stateFile, 'utf8')), { version: 1, slos: [{ name: 'orders' }] })

  const two = await start()
  await until('what was kept is known', async () => (await two.slo()).total === 300)
  await deliver(two.url, 100)
  await until('what is new is added', async () => (await two.slo()).total === 400)
  await two.stop()
})
