// The library against the real daemon, over TLS.
import { join } from 'node:path'
import t from 'tap'
import { connect } from '../../src/client/index.js'
import { makeCertificate, opensslMissing } from '../helpers/certificates.js'
import { Command } from '../helpers/command.js'
import { DaemonProcess, daemonHere } from '../helpers/daemon.js'
import type { Scrape } from '../helpers/metrics.js'
import { until } from '../helpers/until.js'

if (opensslMissing !== false) {
  t.plan(0, opensslMissing)
  process.exit()
}

const { certificateFile, keyFile, certificate: ca } = makeCertificate(t)
const FILES = { 'tls.certificate': certificateFile, 'tls.key': keyFile }
const QUICKLY = { backoffBaseMs: 10, backoffCapMs: 100 }

interface Urls {
  readonly url: string
  readonly httpsUrl: string
}

interface Way {
  name: string
  urlOf(daemon: Urls): string
}

const ways: Way[] = [
  { name: 'WebSocket', urlOf: ({ url }) => url },
  { name: "WebSocket on Node's streams", urlOf: ({ httpsUrl }) => httpsUrl.replace('https:', 'wss:') },
  { name: 'HTTP/2', urlOf: ({ httpsUrl }) => httpsUrl },
]

for (const { name, urlOf } of ways) {
  t.test(`over ${name}`, async (t) => {
    const daemon = await daemonHere(t, { ...FILES, 'listen.tls': 'true' })
    const url = urlOf(daemon)
    t.match(url, /^(wss|https):/)

    t.test('there and back, in order', async (t) => {
      const bus = await connect(url, { tls: { ca } })
      const seen: number[] = []
      await bus.subscribe<number>('n', { onEvent: ({ value }) => seen.push(value) }).ready
      const count = 10_000
      for (let i = 0; i < count; i++) if (!bus.publish('n', i)) await bus.ready()
      t.match(await bus.sync(), { accepted: count, refused: 0 })
      await until('all have arrived', () => seen.length === count)
      t.ok(seen.every((value, i) => value === i))
      await bus.close()
    })

    t.test('a slow iterator is the daemon’s slow consumer', async (t) => {
      const [publisher, reader] = [await connect(url, { tls: { ca } }), await connect(url, { tls: { ca } })]
      const sub = reader.subscribe('slow', { bufferBytesMax: 1024 * 1024, bytesMax: 128 * 1024 })
      await sub.ready
      const payload = new Uint8Array(10_000)
      const count = 1_200
      for (let i = 0; i < count; i++) if (!publisher.publishBytes('slow', payload)) await publisher.ready()
      publisher.publish('slow', 'the last')
      await publisher.sync()
      let read = 0
      for await (const { bytes } of sub) {
        read++
        if (bytes.length < 100) break
      }
      t.equal(sub.missed.local, 0)
      t.ok(sub.missed.daemon > 0)
      t.equal(read + sub.missed.daemon, count + 1)
      await publisher.close()
      await reader.close()
    })

    t.test('who does not trust the certificate does not connect', async (t) => {
      await t.rejects(connect(url), {
        name: 'ConnectError',
        mayRetry: true,
        cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
      })
    })

    t.test('by the command line', async (t) => {
      const pub = await Command.run(t, ['pub', 'a', '{"id":1}', '--url', url, '--ca', certificateFile])
      t.equal(pub.stderr, '')
      t.equal(pub.code, 0)
      const blind = await Command.run(t, ['pub', 'a', '1', '--url', url])
      t.equal(blind.code, 1)
      t.match(
        blind.stderr,
        /is not trusted \(self-signed certificate.*\): say which authority signed it, with --ca FILE/,
      )
    })
  })
}

const resumed = (metrics: Scrape): number =>
  [...metrics.text.matchAll(/^sluice_tls_handshakes_total\{.*resumed.*\} (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )

t.test('a bus resumes its TLS session after the daemon was killed and started again', async (t) => {
  const flags = { ...FILES, 'tls.ticket_key_file': join(t.testdir({}), 'tickets.key'), 'log.level': 'silent' }
  for (const urlOf of ways.slice(1).map((way) => way.urlOf)) {
    const first = await DaemonProcess.start(t, flags)
    const bus = await connect(urlOf(first), { ...QUICKLY, tls: { ca } })
    bus.publish('a', 1)
    await bus.sync()
    first.signal('SIGKILL')
    await first.exited
    const second = await DaemonProcess.start(t, { ...flags, 'https.port': new URL(first.httpsUrl).port })
    bus.publish('a', 2)
    await until('it is back', () => bus.isConnected)
    await bus.sync()
    t.equal(resumed(await second.scrape()), 1, urlOf(second))
    await bus.close()
    second.signal('SIGKILL')
    await second.exited
  }
})
