import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type ConfigSource, ENTRIES, type Loaded, loadConfig } from '../../src/config/index.js'
import { type Daemon, startDaemon } from '../../src/daemon/daemon.js'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { scrape } from '../helpers/metrics.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

const FLAGS = { 'listen.port': '0', 'http2.port': '0', 'admin.port': '0', 'log.level': 'silent' }

/** A daemon in this process, whose file is written by the test. */
async function daemonWith(t: Tap, text: string): Promise<Daemon & { become(text: string): Promise<void> }> {
  const file = join(t.testdir(), 'sluice.toml')
  writeFileSync(file, text)
  const read = (): Loaded => loadConfig({ file, env: {}, flags: FLAGS })
  const loaded = read()
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  const source: ConfigSource = { digest: loaded.digest, read }
  const daemon = await startDaemon(loaded.config, source)
  t.teardown(() => daemon.stop('end of the test'))
  return {
    ...daemon,
    async become(text) {
      writeFileSync(file, `[shutdown]\ngoaway_spread = "0"\n${text}`)
      const reloaded = await daemon.reload()
      if (!reloaded.ok || reloaded.needsRestart.length > 0) throw new Error(JSON.stringify(reloaded))
    },
  }
}

interface Tap {
  testdir(): string
  teardown(run: () => unknown): void
}

t.test('each option is said to be live or not', async (t) => {
  const live = [...ENTRIES.values()].filter(({ reload }) => reload === 'live')
  t.ok(live.length > 50, `${live.length} of ${ENTRIES.size}`)
})

t.test('limits of the protocol and of outboxes', async (t) => {
  const daemon = await daemonWith(t, '')
  const client = await RawClient.open(daemon.url)
  await daemon.become('[protocol]\nsubscriptions_max = 1\npayload_bytes_max = "10B"\n')
  await client.subscribe('a')
  client.send({ op: Op.SUBSCRIBE, request: 99, pattern: 'b', options: {} })
  await client.until('the refusal', () => client.told(Op.ERROR).some(({ request }) => request === 99))
  t.equal(client.told(Op.ERROR)[0].code, Code.TOO_MANY_SUBSCRIPTIONS)
  client.publish('a', 'eleven byte')
  t.match(await client.sync(), { accepted: 0, refused: 1 })
  const late = await RawClient.open(daemon.url)
  t.match(late.told(Op.WELCOME)[0].info.limits, { subscriptionsMax: 1, payloadBytesMax: 10 }, 'newcomers are told')
  await daemon.become('')
  await client.subscribe('b')
  client.publish('a', 'eleven byte')
  t.match(await client.sync(), { accepted: 1, refused: 1 })
  await daemon.become('[outbox]\npolicy = "drop-newest"\nevents_max = 1\n[router]\npending_bytes_max = "1MiB"\n')
  const reader = await RawClient.open(daemon.url)
  await reader.subscribe('c')
  reader.freeze()
  const payload = Buffer.alloc(10_000)
  await until('the outbox is full', async () => {
    for (let n = 0; n < 20; n++) client.publish('c', payload)
    await client.sync()
    return (await scrape(daemon.adminUrl)).dropped('drop-newest') > 0
  })
  reader.thaw()
  for (const each of [client, late, reader]) each.close()
})

t.test('the memory budget', async (t) => {
  const daemon = await daemonWith(t, '')
  await daemon.become('[memory]\nbudget = "1MiB"\nretry_after = "7s"\n[outbox]\nbytes_max = "512KiB"\n')
  t.equal((await scrape(daemon.adminUrl)).get('sluice_memory_budget_bytes'), 1024 * 1024)
  const [publisher, ...readers] = await Promise.all([0, 1, 2, 3].map(() => RawClient.open(daemon.url)))
  for (const reader of readers) {
    await reader.subscribe('a')
    reader.freeze()
  }
  const payload = Buffer.alloc(10_000)
  await until('publishers are refused', async () => {
    for (let n = 0; n < 20; n++) publisher.publish('a', payload)
    await publisher.sync()
    return publisher.told(Op.ERROR).some(({ code }) => code === Code.OVERLOADED)
  })
  t.equal(publisher.told(Op.ERROR).find(({ code }) => code === Code.OVERLOADED)?.details.retryAfterMs, 7000)
  for (const reader of readers) reader.thaw()
  for (const each of [publisher, ...readers]) each.close()
})

t.test('connections, in all', async (t) => {
  const daemon = await daemonWith(t, '')
  const first = await RawClient.open(daemon.url)
  await daemon.become('[listen]\nconnections_max = 1\n')
  await t.rejects(RawClient.open(daemon.url).then((client) => client.sync()))
  await daemon.become('')
  const second = await RawClient.open(daemon.url)
  t.match(await second.sync(), { accepted: 0 })
  first.close()
  second.close()
})

t.test('HTTP: bodies and origins', async (t) => {
  const daemon = await daemonWith(t, '')
  const post = (origin?: string) =>
    fetch(`${daemon.url.replace('ws:', 'http:')}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', ...(origin !== undefined && { origin }) },
      body: '["event","a",3,1]\n'.repeat(300),
    }).then(({ status }) => status)
  t.equal(await post(), 202)
  t.equal(await post('https://shop.example'), 403)
  await daemon.become('[http]\nbody_bytes_max = "4KiB"\n[security]\norigins = ["https://shop.example"]\n')
  t.equal(await post(), 413)
  await daemon.become('[security]\norigins = ["https://shop.example"]\n')
  t.equal(await post('https://shop.example'), 202)
})

t.test('names of the admin port', async (t) => {
  const daemon = await daemonWith(t, '')
  const { port } = new URL(daemon.adminUrl)
  const ask = async (): Promise<number> => {
    const { get } = await import('node:http')
    return new Promise((resolve, reject) => {
      get({ port, host: '127.0.0.1', path: '/stats', headers: { host: 'sluice.example' } }, (answer) => {
        answer.resume()
        resolve(answer.statusCode ?? 0)
      }).once('error', reject)
    })
  }
  t.equal(await ask(), 421)
  await daemon.become('[admin]\nnames = ["sluice.example"]\n')
  await until('the other thread knows', async () => (await ask()) !== 421)
})

t.test('users: who is there and who comes', async (t) => {
  const daemon = await daemonWith(t, '[auth]\nallow_anonymous = true\n')
  const client = await RawClient.open(daemon.url)
  client.publish('a', 'taken')
  t.match(await client.sync(), { accepted: 1 })
  await daemon.become('[auth]\nallow_anonymous = true\nanonymous_role = "r"\n[[role]]\nname = "r"\npublish = ["b.>"]\n')
  client.publish('a', 'no more')
  client.publish('b.c', 'now')
  t.match(await client.sync(), { accepted: 2, refused: 1 }, 'for who is connected, too')
  client.close()
})
