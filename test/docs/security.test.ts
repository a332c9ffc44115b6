// The configuration that docs/security.md begins with, run: its user may do what the page says, and nobody else anything.
import t from 'tap'
import { loadConfig } from '../../src/config/index.js'
import { startDaemon } from '../../src/daemon/daemon.js'
import { Code } from '../../src/protocol/codes.js'
import { SUBPROTOCOL_MSGPACK } from '../../src/protocol/ops.js'
import { makeCertificate, opensslMissing } from '../helpers/certificates.js'
import { Command } from '../helpers/command.js'
import { RawClient } from '../helpers/raw-client.js'
import { textOf } from '../house/files.js'

t.setTimeout(60_000)

/** Whose hashes stand on the page. */
const TOKEN = 'hello'
const PASSWORD = 'secret password'
const FLAGS = {
  'listen.port': '0',
  'http2.port': '0',
  'https.port': '0',
  'https.host': '127.0.0.1',
  'admin.port': '0',
  'admin.allow_anonymous': 'never',
  'log.level': 'silent',
  'shutdown.goaway_spread': '0',
  'shutdown.drain_timeout': '1s',
}

t.test('the first configuration of the page', { skip: opensslMissing }, async (t) => {
  const { certificateFile, keyFile } = makeCertificate(t)
  const [, example = ''] = /^```toml\n(.*?)^```$/ms.exec(textOf('docs/security.md')) ?? []
  const text = example.replace('/etc/sluice/cert.pem', certificateFile).replace('/etc/sluice/key.pem', keyFile)
  const loaded = loadConfig({ file: 'security.md', text, env: {}, flags: FLAGS })
  if (!loaded.ok) return t.fail(loaded.problems.map(({ message }) => message).join('\n'))
  const daemon = await startDaemon(loaded.config)
  t.teardown(() => daemon.stop('end of the test'))
  const bearer = { authorization: `Bearer ${TOKEN}` }
  const publish = async (topic: string, headers: Record<string, string> = {}): Promise<number> => {
    const url = new URL(`/v1/topics/${topic}`, daemon.url.replace('ws:', 'http:'))
    return (await fetch(url, { method: 'POST', headers, body: '{"id":1}' })).status
  }

  await t.test('publishing over HTTP', async (t) => {
    t.equal(await publish('orders.eu.created', bearer), 202)
    t.equal(await publish('users.shop-eu.seen', bearer), 202)
    t.equal(await publish('users.shop-us.seen', bearer), 403)
    t.equal(await publish('orders.eu.created'), 401)
    t.equal(await publish('orders.eu.created', { authorization: 'Bearer hallo' }), 401)
    t.equal(
      await publish('orders.eu.created', { ...bearer, priority: 'u=0' }),
      403,
      'no lane more urgent than lane_min',
    )
    t.equal(await publish(`orders.eu.created?token=${TOKEN}`), 400, 'an address is no place for it')
    t.equal(await publish('orders.eu.created', { ...bearer, origin: 'https://shop.example.net' }), 202)
    t.equal(await publish('orders.eu.created', { ...bearer, origin: 'https://elsewhere.example' }), 403)
  })

  await t.test('a page, by a subprotocol', async (t) => {
    const protocols = [SUBPROTOCOL_MSGPACK, `sluice.token.${Buffer.from(TOKEN).toString('base64url')}`]
    const page = await RawClient.open(daemon.url, protocols, { origin: 'https://shop.example.net' })
    t.equal(page.socket.protocol, SUBPROTOCOL_MSGPACK)
    await page.subscribe('>')
    for (const topic of ['orders.eu.paid', 'orders.eu.created', 'users.shop-eu.seen']) await publish(topic, bearer)
    await page.until('what may be received', () => page.events.length >= 2)
    t.same(
      page.events.map(({ topic }) => topic),
      ['orders.eu.created', 'users.shop-eu.seen'],
    )
    page.publish('prices.eu', 'x')
    await page.sync()
    t.same(page.errors, [Code.NOT_PERMITTED])
    await page.close()
  })

  await t.test('a command, by the environment', async (t) => {
    const words = ['pub', 'orders.eu.created', '{"id":1}']
    const known = await Command.run(t, words, '', { env: { SLUICE_URL: daemon.url, SLUICE_TOKEN: TOKEN } })
    t.equal(known.code, 0, known.stderr)
    const unknown = await Command.run(t, words, '', { env: { SLUICE_URL: daemon.url } })
    t.equal(unknown.code, 1)
  })

  await t.test('the admin port', async (t) => {
    const visit = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
      (await fetch(new URL(path, daemon.adminUrl), { headers })).status
    const olga = `Basic ${Buffer.from(`olga:${PASSWORD}`).toString('base64')}`
    t.equal(await visit('/metrics', { authorization: olga }), 200)
    t.equal(await visit('/metrics', bearer), 403)
    t.equal(await visit('/metrics'), 401)
    t.equal(await visit('/readyz'), 200)
    const health = await Command.run(t, ['health'], '', { env: { SLUICE_ADMIN_URL: daemon.adminUrl } })
    t.equal(health.code, 0, health.stderr)
  })
})
