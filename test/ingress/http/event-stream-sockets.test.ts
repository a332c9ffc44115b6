import { Packr } from 'msgpackr'
import t from 'tap'
import { daemonHere } from '../../helpers/daemon.js'
import { RawClient } from '../../helpers/raw-client.js'
import { type Carrier, StreamClient } from '../../helpers/stream-client.js'
import { TcpProxy } from '../../helpers/tcp-proxy.js'
import { until } from '../../helpers/until.js'

t.setTimeout(120_000)

const packr = new Packr({ useRecords: false })
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

type Daemon = Awaited<ReturnType<typeof daemonHere>>

/** Ways to the same stream: over each port, in each version of HTTP that it speaks. */
const WAYS: readonly [name: string, carrier: Carrier, url: (daemon: Daemon) => string][] = [
  ['HTTP/1.1 on the port of WebSockets', 'HTTP/1.1', (daemon) => daemon.url],
  ['HTTP/1.1 on Node', 'HTTP/1.1', (daemon) => daemon.http2Url],
  ['HTTP/2', 'HTTP/2', (daemon) => daemon.http2Url],
]

function publishNumbers(publisher: RawClient, from: number, to: number): void {
  for (const i of numbers(from, to)) publisher.publish('orders.eu', packr.pack(i))
}

for (const [name, carrier, urlOf] of WAYS) {
  t.test(`${name}: events arrive as they are published, and the stream ends when the daemon stops`, async (t) => {
    const daemon = await daemonHere(t)
    const reader = await StreamClient.open(carrier, urlOf(daemon), 'topic=orders.>')
    t.equal(reader.status, 200)
    t.match(reader.headers, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    await until('WELCOME', () => reader.source.lastEventId !== '')
    const publisher = await RawClient.open(daemon.url)
    publishNumbers(publisher, 1, 1000)
    await reader.untilEvents(1000)
    t.same(reader.payloads(), numbers(1, 1000))
    await daemon.stop('the test')
    await until('the end', () => reader.ended)
    t.match(reader.source.take('goaway'), [['goaway', 4000]])
  })

  t.test(`${name}: a slow reader changes nothing for the one beside it, and is told what it missed`, async (t) => {
    const daemon = await daemonHere(t)
    const well = await StreamClient.open(carrier, urlOf(daemon), 'topic=orders.>')
    const slow = await StreamClient.open(carrier, urlOf(daemon), 'topic=orders.>')
    await until('both WELCOMEs', () => well.source.lastEventId !== '' && slow.source.lastEventId !== '')
    slow.freeze()
    const publisher = await RawClient.open(daemon.url)
    const payload = packr.pack('x'.repeat(10_000))
    let published = 0
    let seen = 0
    const dropped = async () => (await daemon.scrape()).dropped('drop-oldest')
    while ((await dropped()) < 100) {
      // Far less than what may wait: who reads at all misses nothing.
      for (let i = 0; i < 20; i++) publisher.publish('orders.eu', payload)
      published += 20
      await until('the well one has all', () => {
        seen += well.payloads().length
        return seen === published
      })
    }
    t.same(well.source.take('gap'), [])
    slow.thaw()
    publishNumbers(publisher, 1, 1)
    let got = 0
    let missed = 0
    await until('the last event', () => {
      missed += slow.source.take('gap').reduce((sum, [, , count]) => sum + (count as number), 0)
      const payloads = slow.payloads()
      got += payloads.length
      return payloads.includes(1)
    })
    t.ok(missed >= 100)
    t.equal(got + missed, published + 1)
  })

  t.test(`${name}: cut again and again in the middle of things, a reader that comes back has all, once`, async (t) => {
    const daemon = await daemonHere(t, { 'outbox.bytes_max': '16MiB', 'http.resume_bytes': '4MiB' })
    const proxy = await TcpProxy.open(urlOf(daemon).replace(/^http/, 'ws'))
    t.teardown(() => proxy.close())
    const publisher = await RawClient.open(daemon.url)
    const query = 'topic=orders.>'
    let reader = await StreamClient.open(carrier, proxy.url, query)
    await until('WELCOME', () => reader.source.lastEventId !== '')
    let { lastEventId } = reader.source
    const seen: unknown[] = []
    const total = 20_000
    for (let published = 0; published < total; ) {
      publishNumbers(publisher, published + 1, published + 1000)
      published += 1000
      const before = reader.bytes
      await until('something', () => reader.bytes > before || seen.length === published)
      // A connection that brought no event changes nothing about where to go on.
      lastEventId = reader.source.lastEventId || lastEventId
      seen.push(...reader.payloads())
      if (published % 2000 === 0) proxy.cut()
      else reader.cut()
      reader = await StreamClient.open(carrier, proxy.url, query, lastEventId)
      t.same(reader.source.take('welcome'), [])
    }
    await until('all', () => {
      seen.push(...reader.payloads())
      return seen.length >= total
    })
    t.same(seen, numbers(1, total))
    t.same(reader.source.take('gap'), [])
    const scrape = await daemon.scrape()
    t.equal(scrape.get('sluice_http_streams'), 1)
    reader.cut()
  })

  t.test(`${name}: a reader whose connection is dead without anybody knowing comes back and takes over`, async (t) => {
    const daemon = await daemonHere(t)
    const proxy = await TcpProxy.open(urlOf(daemon).replace(/^http/, 'ws'))
    t.teardown(() => proxy.close())
    const publisher = await RawClient.open(daemon.url)
    const first = await StreamClient.open(carrier, proxy.url, 'topic=orders.>')
    await until('WELCOME', () => first.source.lastEventId !== '')
    proxy.freeze()
    publishNumbers(publisher, 1, 100)
    await publisher.sync()
    const second = await StreamClient.open(carrier, urlOf(daemon), 'topic=orders.>', first.source.lastEventId)
    await second.untilEvents(100)
    t.same(second.payloads(), numbers(1, 100))
    publishNumbers(publisher, 101, 200)
    await second.untilEvents(100)
    t.same(second.payloads(), numbers(101, 200))
    const streams = async () => (await daemon.scrape()).get('sluice_http_streams')
    t.equal(await streams(), 1)
    second.cut()
    await until('nobody reads', async () => (await streams()) === 0)
  })
}
