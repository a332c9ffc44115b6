import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { Command } from '../helpers/command.js'
import { daemonHere } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'

t.setTimeout(60_000)

interface Teardown {
  teardown(run: () => unknown): void
}

/** Somebody else's port: answers every request so, or never. */
async function answering(t: Teardown, status: number | null, body = ''): Promise<string> {
  const server: Server = createServer((_, response) => {
    if (status !== null) response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const ask = (t: Teardown, url: string, ...words: string[]): Promise<Command> =>
  Command.run(t, ['health', ...words], '', { env: { SLUICE_ADMIN_URL: url } })

t.test('a daemon that takes clients is healthy; one that drains is only live', async (t) => {
  const daemon = await daemonHere(t, { 'shutdown.drain_timeout': '30s' })
  const ready = await ask(t, daemon.adminUrl)
  t.same([ready.code, ready.stdout, ready.stderr], [0, 'ready\n', ''])
  t.equal((await ask(t, daemon.adminUrl, '--live', '--timeout', '10s')).stdout, 'live\n')

  // Somebody who goes on sending is waited for.
  const client = await RawClient.open(daemon.url)
  const busy = setInterval(() => client.publish('a', 'x'), 20)
  t.teardown(() => clearInterval(busy))
  const stopped = daemon.stop('test')
  const draining = await ask(t, daemon.adminUrl)
  t.same([draining.code, draining.stdout], [1, 'not ready: draining\n'])
  const json = await ask(t, daemon.adminUrl, '--json')
  t.match(JSON.parse(json.stdout), { status: 'not ready', phase: 'draining' })
  t.equal(json.code, 1)
  t.equal((await ask(t, daemon.adminUrl, '--live')).code, 0)
  clearInterval(busy)
  await client.close()
  await stopped
})

t.test('nobody, somebody else, and somebody who says nothing are no daemon', async (t) => {
  const gone = createServer().listen(0, '127.0.0.1')
  await once(gone, 'listening')
  const { port } = gone.address() as AddressInfo
  await new Promise((resolve) => gone.close(resolve))
  const none = await ask(t, `http://127.0.0.1:${port}`)
  t.equal(none.code, 1)
  t.match(none.stderr, 'connection refused')

  const elsewhere = await ask(t, await answering(t, 404, 'what?'))
  t.equal(elsewhere.code, 1)
  t.match(elsewhere.stderr, 'is it the admin port of a Sluice?')
  t.match((await ask(t, await answering(t, 200, '<html>'))).stderr, 'not the admin port')
  t.equal((await ask(t, await answering(t, 503, '{"status": 3}'))).code, 1)

  const silent = await ask(t, await answering(t, null), '--timeout', '100ms')
  t.equal(silent.code, 1)
  t.match(silent.stderr, 'did not answer within 0.1 s')
  t.equal((await ask(t, 'nonsense')).code, 2)
  t.equal((await ask(t, 'http://127.0.0.1:9', '--timeout', '3')).code, 2)
})

t.test('what answers cannot steer the terminal', async (t) => {
  const hostile = await answering(t, 503, JSON.stringify({ status: 'not ready', reason: 'a\u001b[2Jb' }))
  t.equal((await ask(t, hostile)).stdout, 'not ready: a\\x1b[2Jb\n')
})
