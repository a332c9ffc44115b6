import { Agent, get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { Command } from '../helpers/command.js'
import { DaemonProcess } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

t.setTimeout(120_000)

const isTold = (client: RawClient): boolean => client.told(Op.GOAWAY).length > 0

async function readiness(adminUrl: string): Promise<{ status: number; reason?: string }> {
  const answer = await fetch(`${adminUrl}/readyz`)
  return { ...((await answer.json()) as { reason?: string }), status: answer.status }
}

t.test('not ready first, and served as ever until the grace is over', async (t) => {
  const daemon = await DaemonProcess.start(t, { 'shutdown.ready_grace': '10m' })
  const early = await RawClient.open(daemon.url)
  t.match(await readiness(daemon.adminUrl), { status: 200 })
  const before = (await (await fetch(`${daemon.adminUrl}/drain`)).json()) as object
  t.match(before, { step: 'serving', sessions: 1, sessionsAtStart: 0, elapsedMs: 0 })
  const told = await Command.run(t, ['drain', '--admin', daemon.adminUrl])
  t.equal(told.code, 0, told.stderr)
  t.match(told.lines, [/^not ready, still serving 1 session: over within /])
  t.match(await readiness(daemon.adminUrl), { status: 503, reason: 'draining' })
  const late = await RawClient.open(daemon.url)
  await late.subscribe('a')
  early.publish('a', 'still here')
  await late.until('the event', () => late.events.length === 1)
  t.notOk(isTold(early) || isTold(late))
  const again = await fetch(`${daemon.adminUrl}/drain`, { method: 'POST' })
  t.equal(again.status, 202)
  t.match(await again.json(), { step: 'grace', sessions: 2 })
  // Signals that come before the first was seen are one.
  await until('who is in a hurry signals twice', () => {
    daemon.signal('SIGTERM')
    return !daemon.isRunning
  })
  t.same(await daemon.exited, { code: 143, signal: null })
})

t.test(
  'handover: publishers leave before receivers, who get all that was accepted, and who stays is ended',
  async (t) => {
    const daemon = await DaemonProcess.start(t, { 'shutdown.goaway_spread': '50ms', 'shutdown.drain_timeout': '30s' })
    const [publisher, both, receiver] = await Promise.all([0, 1, 2].map(() => RawClient.open(daemon.url)))
    await receiver.subscribe('a')
    await both.subscribe('a')
    both.publish('b', 'so that it is known to publish')
    await both.sync()
    const answer = await fetch(`${daemon.adminUrl}/drain`, { method: 'POST', body: '{"handover": true}' })
    t.match(await answer.json(), { step: 'leaving', sessions: 3, sessionsAtStart: 3 })
    await publisher.until('GOAWAY', () => isTold(publisher))
    t.notOk(isTold(both) || isTold(receiver), 'while the publisher is there')
    publisher.publish('a', 'late')
    t.match(await publisher.sync(), { accepted: 1, refused: 0 })
    publisher.close()
    await both.until('GOAWAY', () => isTold(both))
    t.notOk(isTold(receiver), 'while one is there that publishes, too')
    t.equal(both.events.length, 1)
    // It stays, and is ended once it has been quiet for a while.
    t.match(await both.untilClosed(), { code: Code.SHUTTING_DOWN })
    await receiver.until('GOAWAY', () => isTold(receiver))
    t.equal(receiver.events[0].payload.toString(), 'late', 'before it was told to go')
    receiver.close()
    t.same(await daemon.exited, { code: 0, signal: null })
    t.match(daemon.logs.at(-1), { msg: 'stopped', lostAtStop: 0, sessionsBehind: 0 })
  },
)

t.test('handover: who is told to go comes back at once, all within the window', async (t) => {
  const spreadMs = 1500
  const daemon = await DaemonProcess.start(t, {
    'shutdown.goaway_spread': `${spreadMs}ms`,
    'shutdown.handover': 'true',
  })
  const clients = await Promise.all(Array.from({ length: 30 }, () => RawClient.open(daemon.url)))
  let before = 0
  daemon.signal('SIGTERM')
  await Promise.all(
    clients.map(async (client) => {
      await client.until('GOAWAY', () => isTold(client))
      // Who is told at once with all others has none before whom somebody else stays.
      if (clients.some((other) => !isTold(other))) before++
      t.ok(client.told(Op.GOAWAY)[0].retryAfterMs <= 100)
      client.close()
    }),
  )
  t.same(await daemon.exited, { code: 0, signal: null })
  t.ok(before > 0, 'one after the other')
})

t.test('what the admin port does not take for a drain changes nothing', async (t) => {
  const daemon = await DaemonProcess.start(t)
  for (const body of ['{', '[]', '1', '{"handover": 1}', '{"hand": true}']) {
    const answer = await fetch(`${daemon.adminUrl}/drain`, { method: 'POST', body })
    t.equal(answer.status, 400, body)
  }
  const both = await Command.run(t, ['drain', '--handover', '--no-handover', '--admin', daemon.adminUrl])
  t.equal(both.code, 2)
  t.match(await readiness(daemon.adminUrl), { status: 200 })
  const url = daemon.adminUrl
  daemon.signal('SIGTERM')
  await daemon.exited
  const gone = await Command.run(t, ['drain', '--wait', '--admin', url])
  t.equal(gone.code, 1)
  t.match(gone.stderr, /no admin port answers/)
})

t.test('HTTP: streams are told and ended, and each answer is the last on its connection', async (t) => {
  const daemon = await DaemonProcess.start(t, { 'shutdown.goaway_spread': '200ms', 'shutdown.handover': 'true' })
  const bases = [daemon.url.replace('ws:', 'http:'), daemon.http2Url]
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  for (const base of bases) t.not((await requestOn(agent, base)).headers.connection, 'close')
  // Is told to go, and stays until it is ended.
  await RawClient.open(daemon.url)
  const streams = await Promise.all(
    bases.map((base) => fetch(`${base}/v1/events?topic=a`, { headers: { accept: 'text/event-stream' } })),
  )
  daemon.signal('SIGTERM')
  await until('the ports are closed', () => portIsClosed(daemon.port))
  const answer = await requestOn(agent, bases[0])
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers.connection, 'close')
  // node:http closes those without a request at once.
  await t.rejects(requestOn(agent, bases[1]), { code: /ECONNREFUSED|ECONNRESET/ })
  for (const stream of streams) {
    const text = await stream.text()
    t.match(text, /retry: 500\nevent: goaway\ndata: \["goaway",4\d\d\d,\d+,.*\n\n$/, 'to the end, in good order')
  }
  t.same(await daemon.exited, { code: 0, signal: null })
})

/** The answer to a request on a connection that is kept. */
function requestOn(agent: Agent, base: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = get(`${base}/`, { agent }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer))
    })
    sent.once('error', reject)
  })
}

function portIsClosed(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', () => resolve(true))
  })
}

t.test('a balancer is told before its connections are refused', async (t) => {
  const daemon = await DaemonProcess.start(t, { 'shutdown.ready_grace': '300ms', 'shutdown.goaway_spread': '0' })
  const client = await RawClient.open(daemon.url)
  const { adminUrl } = daemon
  daemon.signal('SIGTERM')
  await until('it says that it is not ready', async () => (await readiness(adminUrl)).status === 503)
  t.notOk(isTold(client))
  await client.until('GOAWAY', () => isTold(client))
  await t.rejects(RawClient.open(daemon.url), { message: /ECONNREFUSED/ })
  client.close()
  t.same(await daemon.exited, { code: 0, signal: null })
})
