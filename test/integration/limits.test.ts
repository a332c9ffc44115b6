import { request } from 'node:http'
import { connect } from 'node:net'
import t from 'tap'
import type { ClientOptions } from 'ws'
import { Code, codeName } from '../../src/protocol/codes.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { hashToken } from '../../src/security/tokens.js'
import type { Scrape } from '../helpers/metrics.js'
import { RawClient } from '../helpers/raw-client.js'
import { Secured } from '../helpers/secured.js'
import { until } from '../helpers/until.js'
import { uwsMissing } from '../helpers/uws-ingress.js'
import { clientFrame } from '../helpers/ws-frames.js'
import { upgradeLines, WsSocket } from '../helpers/ws-socket.js'

/**
 * Every limit on what a peer may take, over real sockets, on both engines: the code by which it is told, and the counter. Each is set by a reload of the same daemon,
 * and so holds at once. How many handshakes may be under way at a time is in test/ingress/tls/storm.test.ts: more of them wait.
 */

const TOKEN = 'a-token-of-somebody-in-particular'
const BINARY = 2
/** No limit but the usual ones. */
const BASE = ''

type Port = readonly [engine: string, url: string]

function portsOf({ daemon }: Secured): Port[] {
  const node: Port = ["Node's streams", daemon.http2Url.replace('http', 'ws')]
  return uwsMissing === false ? [['uWebSockets.js', daemon.url], node] : [node]
}

/** The rise of a counter. */
async function rise(secured: Secured, of: (scraped: Scrape) => number, run: () => Promise<void>): Promise<number> {
  const before = of(await secured.scrape())
  await run()
  return of(await secured.scrape()) - before
}

const rejections = (code: number) => (scraped: Scrape) =>
  scraped.get('sluice_connections_rejected_total', 'reason', codeName(code))
const refusals = (code: number) => (scraped: Scrape) => scraped.refused(codeName(code))
const closes = (code: number) => (scraped: Scrape) =>
  scraped.get('sluice_connections_closed_total', 'code', codeName(code))

function get(url: string, localAddress = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const target = url.replace('ws:', 'http:')
    request(target, { localAddress, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })
}

/** Opens; resolves with what it is closed with, once it is. */
async function refusedWith(url: string, options?: ClientOptions): Promise<{ code: number; told: number[] }> {
  const client = await RawClient.open(url, undefined, options)
  const { code } = await client.untilClosed()
  return { code, told: client.errors }
}

async function allGone(secured: Secured): Promise<void> {
  await until('all connections to be gone', async () => (await secured.scrape()).sum('sluice_connections') === 0)
}

t.setTimeout(120_000)

t.test('connections: in all, of an address, in a second', async (t) => {
  const secured = await Secured.start(t, BASE)
  const ports = portsOf(secured)
  for (const [engine, url] of ports) {
    t.test(engine, async (t) => {
      await t.test('in all, over all ports', async (t) => {
        await secured.reload('', { 'listen.connections_max': '2' })
        const holders = [await RawClient.open(ports[0][1]), await RawClient.open(ports[ports.length - 1][1])]
        const count = await rise(secured, rejections(Code.TOO_MANY_CONNECTIONS), async () => {
          const refused = await refusedWith(url)
          t.same(refused, { code: Code.TOO_MANY_CONNECTIONS, told: [Code.TOO_MANY_CONNECTIONS] })
          t.equal(await get(url), 503)
        })
        t.equal(count, 2)
        for (const holder of holders) await holder.close()
        await allGone(secured)
      })

      await t.test('of an address', async (t) => {
        await secured.reload('[limits]\nconnections_per_address = 2\n')
        const holders = [await RawClient.open(url), await RawClient.open(url)]
        const count = await rise(secured, rejections(Code.TOO_MANY_OF_ADDRESS), async () => {
          const refused = await refusedWith(url)
          t.same(refused, { code: Code.TOO_MANY_OF_ADDRESS, told: [Code.TOO_MANY_OF_ADDRESS] })
          t.equal(await get(url), 429)
        })
        t.equal(count, 2)
        const other = await RawClient.open(url, undefined, { localAddress: '127.0.0.2' })
        await other.sync()
        t.equal(await get(url, '127.0.0.2'), 200)
        await holders[0].close()
        await until('a place to be free', async () => (await get(url)) === 200)
        for (const client of [holders[1], other]) await client.close()
        await allGone(secured)
      })

      await t.test('in a second: two seconds of them at once', async (t) => {
        await secured.reload('[limits]\nconnects_per_second = 1\n')
        const clients: RawClient[] = []
        const count = await rise(secured, rejections(Code.TOO_MANY_CONNECTS), async () => {
          const opening = Array.from({ length: 8 }, () => RawClient.open(url).then((client) => clients.push(client)))
          const opened = await Promise.allSettled(opening)
          const cut = opened.filter(({ status }) => status === 'rejected').length
          const told = () => clients.filter(({ closed }) => closed?.code === Code.TOO_MANY_CONNECTS).length
          // A slow machine may let a token or two drip in.
          await until('the others to be refused', () => cut + told() >= 4)
          if (engine !== 'uWebSockets.js') t.equal(cut, 0, 'each is told')
        })
        t.ok(count >= 4)
        await secured.reload(BASE)
        for (const client of clients) if (client.closed === null) await client.close()
        await allGone(secured)
      })
    })
  }
})

t.test('what a connection may do', async (t) => {
  const secured = await Secured.start(
    t,
    '[limits]\nmessage_time = "1s"\npattern_tokens_max = 3\n[protocol]\npayload_bytes_max = "1KiB"\nsubscriptions_max = 2\n[router]\ntopics_max = 1024\n',
  )
  for (const [engine, url] of portsOf(secured)) {
    t.test(engine, async (t) => {
      const client = await RawClient.open(url)

      const tooLarge = await rise(secured, refusals(Code.PAYLOAD_TOO_LARGE), async () => {
        client.publish('a', Buffer.alloc(1025))
        await client.sync()
      })
      t.equal(tooLarge, 1, 'payload')
      t.same(client.errors, [Code.PAYLOAD_TOO_LARGE])

      const tooLong = await rise(secured, refusals(Code.PATTERN_TOO_LONG), async () => {
        await client.subscribe('a.b.c')
        await refusedSubscription(client, 'a.b.c.d', Code.PATTERN_TOO_LONG)
      })
      t.equal(tooLong, 1, 'tokens of a pattern')

      const tooMany = await rise(secured, refusals(Code.TOO_MANY_SUBSCRIPTIONS), async () => {
        await client.subscribe('b')
        await refusedSubscription(client, 'c', Code.TOO_MANY_SUBSCRIPTIONS)
      })
      t.equal(tooMany, 1, 'subscriptions')

      // A cache: nothing is refused, what was not used for longest is forgotten.
      const evicted = await rise(
        secured,
        (scraped) => scraped.get('sluice_topics_evicted_total'),
        async () => {
          client.send(
            ...Array.from({ length: 3000 }, (_, i) => encodeEvent(`topic.${engine.length}.${i}`, 3, Buffer.alloc(1))),
          )
          await client.sync()
        },
      )
      const topics = (await secured.scrape()).get('sluice_topics')
      t.ok(evicted > 0, `${evicted} topics were forgotten`)
      t.ok(topics <= 1024, `${topics} are known`)

      const stuck = await rise(secured, closes(Code.MESSAGE_TIMEOUT), async () => {
        const socket = await WsSocket.open(Number(new URL(url).port))
        const frame = clientFrame(BINARY, Buffer.alloc(500))
        let sent = 100
        socket.stream.write(frame.subarray(0, sent))
        const trickle = setInterval(() => socket.stream.write(frame.subarray(sent, ++sent)), 50)
        await until('its end', () => socket.isClosed || socket.isEnded)
        clearInterval(trickle)
        socket.cut()
      })
      t.equal(stuck, 1, 'time for a message')
      t.equal(client.closed, null, 'who is only silent answers a PING, and stays')
      await client.close()
    })
  }
})

async function refusedSubscription(client: RawClient, pattern: string, code: number): Promise<void> {
  await t.rejects(Promise.race([client.subscribe(pattern), refusal(client, code)]), { message: codeName(code) })
}

async function refusal(client: RawClient, code: number): Promise<never> {
  await client.until(codeName(code), () => client.errors.includes(code))
  throw new Error(codeName(code))
}

t.test('how fast a connection may publish', async (t) => {
  const secured = await Secured.start(t, BASE)
  for (const [engine, url] of portsOf(secured)) {
    t.test(engine, async (t) => {
      for (const [limit, events, bytes] of [
        ['events_per_second = 10', 50, 1],
        ['bytes_per_second = "1KiB"', 10, 900],
      ] as const) {
        await secured.reload(`[limits]\n${limit}\n`)
        const client = await RawClient.open(url)
        const count = await rise(secured, refusals(Code.RATE_LIMITED), async () => {
          for (let i = 0; i < events; i++) {
            client.publish('a', Buffer.alloc(bytes))
            // What is in one message is taken in whole.
            await client.sync()
            if (client.errors.length > 0) break
          }
        })
        t.same([...new Set(client.errors)], [Code.RATE_LIMITED], limit)
        t.ok(count > 0)
        t.equal(client.closed, null, 'it stays')
        await client.close()
      }
    })
  }
})

t.test('who has not said who they are', async (t) => {
  const secured = await Secured.start(
    t,
    `[auth]\ntimeout = "500ms"\nunauthenticated_bytes_max = "2KiB"\n[limits]\nconnections_per_user = 1\n[[user]]\nname = "somebody"\ntoken_hashes = ["${hashToken(TOKEN)}"]\n`,
  )
  for (const [engine, url] of portsOf(secured)) {
    t.test(engine, async (t) => {
      const late = await rise(secured, closes(Code.AUTH_TIMEOUT), async () => {
        t.same(await refusedWith(url), { code: Code.AUTH_TIMEOUT, told: [Code.AUTH_TIMEOUT] }, 'time')
      })
      t.equal(late, 1)

      const client = await RawClient.open(url)
      client.publish('a', Buffer.alloc(4000))
      const { code } = await client.untilClosed()
      t.equal(code, Code.UNAUTHENTICATED, 'bytes')

      const headers = { authorization: `Bearer ${TOKEN}` }
      const first = await RawClient.open(url, undefined, { headers })
      await first.sync()
      const tooMany = await rise(secured, closes(Code.TOO_MANY_OF_USER), async () => {
        const { code } = await refusedWith(url, { headers })
        t.equal(code, Code.TOO_MANY_OF_USER, 'connections of a user')
      })
      t.equal(tooMany, 1)
      await first.close()
      await allGone(secured)
    })
  }
})

t.test('nothing is ever compressed, whatever is offered', async (t) => {
  const secured = await Secured.start(t, BASE)
  for (const [engine, url] of portsOf(secured)) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    t.teardown(() => socket.destroy())
    let received = ''
    socket.on('data', (data: Buffer) => {
      received += data.toString('latin1')
    })
    const offer = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-webkit-deflate-frame'
    socket.write([...upgradeLines(), offer, '', ''].join('\r\n'))
    await until('an answer', () => received.includes('\r\n\r\n'))
    t.match(received, /^HTTP\/1\.1 101 /, engine)
    t.notMatch(received.toLowerCase(), 'sec-websocket-extensions', engine)
  }
})
