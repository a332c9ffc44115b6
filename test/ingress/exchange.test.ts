import t, { type Test } from 'tap'
import { Written } from '../../src/core/link.js'
import type { HttpExchange } from '../../src/ingress/http/exchange.js'
import type { Tls } from '../../src/ingress/tls/tls.js'
import { makeCertificate, opensslMissing } from '../helpers/certificates.js'
import { type HttpPeer, http1Peer, http2Peer } from '../helpers/http-peer.js'
import { nodeIngress } from '../helpers/node-ingress.js'
import { loadTls } from '../helpers/tls.js'
import { until } from '../helpers/until.js'
import { uwsIngress, uwsMissing } from '../helpers/uws-ingress.js'

interface Carrier {
  name: string
  isDuplex: boolean
  /** A port with this handler, and a client of it. */
  open(t: Test, handle: (exchange: HttpExchange) => void): Promise<HttpPeer>
}

const files = opensslMissing === false ? makeCertificate(t) : null

type Open = (
  t: Test,
  handle: (exchange: HttpExchange) => void,
  options: { tls: Tls | null },
) => Promise<{ port: number }>

function carrier(name: string, peer: typeof http1Peer, secure: boolean, open: Open = nodeIngress): Carrier {
  return {
    name,
    isDuplex: peer === http2Peer,
    async open(t, handle) {
      const tls = secure && files !== null ? loadTls(t, files).tls : null
      const { port } = await open(t, handle, { tls })
      const made = peer(port, secure ? files?.certificate : undefined)
      t.teardown(() => made.close())
      return made
    },
  }
}

const CARRIERS: Carrier[] = [carrier('HTTP/1.1', http1Peer, false), carrier('HTTP/2', http2Peer, false)]
if (files !== null) {
  CARRIERS.push(carrier('HTTP/1.1 with TLS', http1Peer, true), carrier('HTTP/2 with TLS', http2Peer, true))
}

if (uwsMissing === false) {
  CARRIERS.push(carrier('HTTP/1.1 on uWebSockets.js', http1Peer, false, uwsIngress))
  if (files !== null) CARRIERS.push(carrier('HTTP/1.1 on uWebSockets.js with TLS', http1Peer, true, uwsIngress))
}

/** More than the kernel and the windows of HTTP/2 take without anybody reading. */
const MUCH = 16 * 1024 * 1024

t.setTimeout(120_000)

for (const { name, isDuplex, open } of CARRIERS) {
  t.test(`${name}: a request with all that it has, and its answer`, async (t) => {
    const seen: unknown[] = []
    const peer = await open(t, (exchange) => {
      const { method, path, query } = exchange
      const all = new Map<string, string>()
      exchange.eachHeader((header, value) => all.set(header, value))
      const body: Buffer[] = []
      exchange.receive({
        chunk: (bytes) => body.push(Buffer.from(bytes)),
        end() {
          seen.push({ method, path, query, body: Buffer.concat(body).toString() })
          seen.push([all.get('x-one'), exchange.header('x-one'), exchange.header('absent'), exchange.header('host')])
          seen.push([...all.keys()].filter((header) => header.startsWith(':') || header !== header.toLowerCase()))
          seen.push(exchange.isDuplex)
          exchange.respond(202, { 'x-two': 'b' })
        },
      })
    })
    const headers = { 'x-one': 'a', ...(isDuplex ? {} : { Host: '127.0.0.1' }) }
    const request = peer.request({ method: 'POST', target: '/v1/a%20b/c?q=1&r=%3E', headers })
    request.write('hello ')
    request.end('world')
    await request.done()
    t.equal(request.status, 202)
    t.equal(request.headers['x-two'], 'b')
    t.equal(request.body.length, 0)
    t.same(seen[0], { method: 'POST', path: '/v1/a%20b/c', query: 'q=1&r=%3E', body: 'hello world' })
    t.match(seen[1], ['a', 'a', '', /^127\.0\.0\.1/])
    t.same(seen[2], [])
    t.equal(seen[3], isDuplex)
  })

  t.test(`${name}: bodies of answers, and what has none`, async (t) => {
    const peer = await open(t, (exchange) => {
      if (exchange.path === '/text') exchange.respond(200, { 'content-type': 'text/plain' }, 'grüße')
      else if (exchange.path === '/none') exchange.respond(204, {})
      else {
        const bytes = Buffer.from([1, 2, 3])
        exchange.respond(200, {}, bytes)
        bytes.fill(9)
      }
    })
    const get = async (method: string, target: string) => {
      const request = peer.request({ method, target })
      request.end()
      return await request.done()
    }
    const text = await get('GET', '/text')
    t.match([text.body.toString(), text.headers['content-length']], ['grüße', '7'])
    t.same((await get('GET', '/bytes')).body, Buffer.from([1, 2, 3]), 'the bytes are the caller’s again')
    const head = await get('HEAD', '/text')
    t.match([head.status, head.body.length, head.headers['content-length']], [200, 0, '7'])
    const none = await get('GET', '/none')
    t.match([none.status, none.body.length, none.headers['content-length']], [204, 0, undefined])
  })

  t.test(
    `${name}: an answer that does not wait for the body arrives whole, and the body is not given any more`,
    async (t) => {
      let given = 0
      let ends = 0
      let gone = 0
      const peer = await open(t, (exchange) => {
        exchange.gone = () => gone++
        exchange.receive({
          chunk(bytes) {
            given += bytes.length
            exchange.respond(413, {}, Buffer.alloc(100_000, 1))
          },
          end: () => ends++,
        })
      })
      const request = peer.request({ method: 'POST' })
      request.write(Buffer.alloc(1000))
      await until('the head of the answer', () => request.status === 413)
      const before = given
      for (let i = 0; i < 20; i++) request.write(Buffer.alloc(10_000))
      await until('the whole answer', () => request.body.length === 100_000)
      request.end()
      t.equal(given, before)
      const again = peer.request({ method: 'POST' })
      again.end('x')
      t.equal((await again.done()).status, 413, 'the next one is served')
      t.same([ends, gone], [0, 0])
    },
  )

  t.test(
    `${name}: what is written bit by bit; a peer that does not read blocks it, and nothing is lost or overtaken`,
    async (t) => {
      let exchange: HttpExchange | null = null
      let written = 0
      let isBlocked = false
      let unblocked = 0
      const scratch = Buffer.alloc(16 * 1024)
      const fill = (to: HttpExchange): void => {
        while (!isBlocked && written < MUCH) {
          scratch.fill((written / scratch.length) & 0xff)
          isBlocked = to.write(scratch) === Written.BUFFERED
          written += scratch.length
          scratch.fill(0xee)
        }
        if (!isBlocked) to.finish()
      }
      const peer = await open(t, (incoming) => {
        exchange = incoming
        incoming.gone = () => t.fail('nobody has gone')
        incoming.writable = () => {
          t.ok(incoming.isDrained)
          isBlocked = false
          unblocked++
          fill(incoming)
        }
        incoming.begin(200, { 'content-type': 'text/event-stream' })
        fill(incoming)
      })
      const request = peer.request()
      request.end()
      await until('the head of the answer', () => request.status === 200)
      t.equal(request.headers['content-type'], 'text/event-stream')
      t.ok(exchange !== null && isBlocked, 'it is blocked before all is written')
      await request.done()
      t.ok(unblocked > 0)
      const { body } = request
      t.equal(body.length, MUCH)
      let wrong = 0
      for (let i = 0; i < body.length; i += 997) if (body[i] !== ((i / scratch.length) & 0xff)) wrong++
      t.equal(wrong, 0)
    },
  )

  t.test(
    `${name}: a peer that leaves in the middle of its body: it does not end, and the exchange is gone`,
    async (t) => {
      const told: string[] = []
      let exchange: HttpExchange | null = null
      const peer = await open(t, (incoming) => {
        exchange = incoming
        incoming.gone = () => told.push('gone')
        incoming.receive({ chunk: () => told.push('chunk'), end: () => told.push('end') })
      })
      const request = peer.request({ method: 'POST' })
      request.write('half of it')
      await until('the first half', () => told.length === 1)
      request.reset()
      await until('it is gone', () => told.includes('gone'))
      const { write, respond } = exchange as unknown as HttpExchange
      t.equal(write.call(exchange, 'x'), Written.GONE)
      respond.call(exchange, 200, {}, 'too late')
      t.same(told, ['chunk', 'gone'])
    },
  )

  t.test(`${name}: a peer that leaves while it is answered`, async (t) => {
    const told: string[] = []
    const peer = await open(t, (exchange) => {
      exchange.gone = () => told.push(`gone ${exchange.path}`)
      exchange.begin(200, {})
      exchange.write('first')
      if (exchange.path === '/finished') exchange.finish()
    })
    const finished = peer.request({ target: '/finished' })
    finished.end()
    await finished.done()
    finished.reset()
    const open_ = peer.request({ target: '/open' })
    open_.end()
    await until('the first bytes', () => open_.body.toString() === 'first')
    open_.reset()
    await until('it is gone', () => told.length > 0)
    t.same(told, ['gone /open'], 'never after finish')
  })

  t.test(`${name}: abort cuts the request, and gone follows`, async (t) => {
    let gone = 0
    const peer = await open(t, (exchange) => {
      exchange.gone = () => gone++
      exchange.begin(200, {})
      exchange.write('first')
      setImmediate(() => exchange.abort())
    })
    const request = peer.request()
    request.end()
    await request.untilCut()
    await until('it is gone', () => gone === 1)
    t.notOk(request.isEnded)
  })

  t.test(`${name}: a paused body stops its sender, and goes on where it was`, async (t) => {
    let exchange: HttpExchange | null = null
    let given = 0
    const peer = await open(t, (incoming) => {
      exchange = incoming
      incoming.receive({
        chunk(bytes) {
          if (given === 0) incoming.pause()
          given += bytes.length
        },
        end: () => incoming.respond(200, {}, String(given)),
      })
    })
    const request = peer.request({ method: 'POST' })
    for (let i = 0; i < MUCH; i += 64 * 1024) request.write(Buffer.alloc(64 * 1024))
    request.end()
    await until('the first part', () => given > 0)
    let before = -1
    await until('nothing comes any more', () => {
      const same = given === before
      before = given
      return same
    })
    t.ok(given < MUCH / 2)
    ;(exchange as unknown as HttpExchange).resume()
    t.equal((await request.done()).body.toString(), String(MUCH))
  })

  t.test(`${name}: a body that nobody wants is thrown away, and the answer may come later`, async (t) => {
    const peer = await open(t, (exchange) => setTimeout(() => exchange.respond(200, {}, 'later'), 20))
    const request = peer.request({ method: 'POST' })
    request.end(Buffer.alloc(MUCH / 4))
    t.equal((await request.done()).body.toString(), 'later')
  })

  t.test(`${name}: who asks first whether to go on is told to`, async (t) => {
    const peer = await open(t, (exchange) => {
      exchange.receive({ chunk() {}, end: () => exchange.respond(202, {}) })
    })
    const request = peer.request({ method: 'POST', headers: { expect: '100-continue' } })
    await until('100', () => request.informed.includes(100))
    request.end('now')
    t.equal((await request.done()).status, 202)
  })

  if (!isDuplex) continue

  t.test(`${name}: body and answer flow at the same time`, async (t) => {
    const peer = await open(t, (exchange) => {
      exchange.begin(200, {})
      exchange.receive({ chunk: (bytes) => exchange.write(bytes), end: () => exchange.finish() })
    })
    const request = peer.request({ method: 'POST' })
    for (const word of ['one ', 'two ', 'three']) {
      const before = request.body.length
      request.write(word)
      await until('its echo', () => request.body.length === before + word.length)
    }
    request.end()
    t.equal((await request.done()).body.toString(), 'one two three')
  })
}
