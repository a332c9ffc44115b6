import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { SloPart } from '../../../src/observe/slo/part.js'
import { Webhook } from '../../../src/observe/slo/webhook.js'
import { NOTHING } from '../../helpers/samples.js'
import { FakeContext, ORDERS } from '../../helpers/slo.js'
import { until } from '../../helpers/until.js'

interface Received {
  readonly method: string
  readonly type: string
  readonly body: string
}

/** A receiver that answers with these statuses, one after the other, the last of them for ever. 0: it cuts the connection. */
async function receiver(t: Test, ...statuses: number[]) {
  const received: Received[] = []
  const server = createServer(async (req: IncomingMessage, res) => {
    const status = statuses.length > 1 ? statuses.shift() : statuses[0]
    received.push({ method: req.method ?? '', type: req.headers['content-type'] ?? '', body: await text(req) })
    if (status === 0) req.socket.destroy()
    else res.writeHead(status ?? 204, { location: '/elsewhere' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=secret`, received, server }
}

/** A webhook whose waits take no time, and are noted. */
function make(url: string) {
  const waits: number[] = []
  const logged: unknown[] = []
  const webhook = new Webhook(url, {
    log: (level, sentence, fields) => logged.push({ level, sentence, fields }),
    sleep: async (ms) => {
      waits.push(ms)
    },
  })
  return { webhook, waits, logged }
}

t.test('notices come one after the other, and again until they are taken', async (t) => {
  const { url, received } = await receiver(t, 503, 0, 429, 204)
  const { webhook, waits, logged } = make(url)
  webhook.send({ about: 'a', body: '{"n":1}' })
  webhook.send({ about: 'b', body: '{"n":2}' })
  await until('both are delivered', () => webhook.delivered === 2)
  t.same(
    received.map(({ body }) => body),
    ['{"n":1}', '{"n":1}', '{"n":1}', '{"n":1}', '{"n":2}'],
  )
  t.match(received[0], { method: 'POST', type: 'application/json' })
  t.same(waits, [1000, 2000, 4000])
  t.same(logged, [])
  await webhook.close()
})

t.test('who says no is not asked again, and the next notice has its turn', async (t) => {
  const { url, received } = await receiver(t, 404, 302, 200)
  const { webhook, waits, logged } = make(url)
  for (const about of ['a', 'b', 'c']) webhook.send({ about, body: about })
  await until('all had their turn', () => webhook.delivered === 2)
  // A redirect is an error of the receiver's configuration that may be mended, so it is tried again.
  t.same(
    received.map(({ body }) => body),
    ['a', 'b', 'b', 'c'],
  )
  t.equal(webhook.failed, 1)
  t.match(logged, [{ level: 'warn', fields: { about: 'a', problem: 'status 404' } }])
  t.notMatch(JSON.stringify(logged), /secret/)
  t.same(waits, [1000])
  await webhook.close()
})

t.test('patience ends, and the queue is bounded', async (t) => {
  const { url, received } = await receiver(t, 500)
  const { webhook, waits, logged } = make(url)
  webhook.send({ about: 'a', body: 'a' })
  await until('it is given up', () => webhook.failed === 1)
  t.equal(received.length, 15)
  t.equal(waits.length, 14)
  t.equal(waits.at(-1), 60_000)
  t.match(logged, [{ fields: { about: 'a', problem: 'status 500' } }])
  await webhook.close()

  let release = () => {}
  const blocked = new Webhook(url, {
    log: () => {},
    sleep: () =>
      new Promise((resolve) => {
        release = resolve
      }),
  })
  for (let i = 0; i < 70; i++) blocked.send({ about: String(i), body: 'x' })
  t.equal(blocked.failed, 5, 'one under way, 64 wait, the oldest five of the rest are given up')
  const before = received.length
  await until('the first is tried', () => received.length > before)
  const closed = blocked.close()
  release()
  await closed
  t.ok(blocked.failed >= 6)
})

t.test('the end does not wait for a receiver that does not answer', async (t) => {
  const server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.closeAllConnections())
  const { webhook } = make(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const asked = new Promise((resolve) => server.once('request', resolve))
  webhook.send({ about: 'a', body: 'a' })
  await asked
  await webhook.close()
  t.equal(webhook.failed, 1)
  webhook.send({ about: 'b', body: 'b' })
  t.equal(webhook.failed, 1, 'closed is closed')
  server.close()
})

t.test('a breach arrives', async (t) => {
  const { url, received } = await receiver(t, 204)
  const context = new FakeContext()
  const part = new SloPart(context.make({ slos: [ORDERS], webhook: url }))
  await part.ready
  context.traffic.took(9, 1000)
  context.nowMs += 1000
  part.tick(NOTHING, NOTHING, true)
  await until('it arrives', () => received.length === 1)
  t.match(JSON.parse(received[0].body), {
    server: 'test',
    name: 'orders',
    state: 'page',
    previous: 'ok',
    slo: { total: 1000 },
  })
  const notices = part.metrics.find(({ name }) => name === 'sluice_webhook_notices_total')
  await until('it is counted', () => JSON.stringify(notices?.read()) === '[[["delivered"],1],[["failed"],0]]')
  await part.close()
})
