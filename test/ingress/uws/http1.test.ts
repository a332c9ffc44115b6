import { request } from 'node:http'
import t from 'tap'
import type { HttpExchange } from '../../../src/ingress/http/exchange.js'
import { RawHttp } from '../../helpers/raw-http.js'
import { until } from '../../helpers/until.js'
import { uwsIngress, uwsMissing } from '../../helpers/uws-ingress.js'

t.setTimeout(120_000)

/** Answers with what it was asked. */
function mirror(exchange: HttpExchange): void {
  const { method, path, query } = exchange
  const parts: Buffer[] = []
  exchange.receive({
    chunk: (bytes) => parts.push(Buffer.from(bytes)),
    end: () => exchange.respond(200, {}, `${method} ${path} ${query} ${Buffer.concat(parts)}`),
  })
}

const HOST = 'Host: bus\r\n'

t.test('bodies with a length, in chunks, and none', { skip: uwsMissing }, async (t) => {
  const { port } = await uwsIngress(t, mirror)
  for (const [sent, body] of [
    [`GET /a?x=%20&y HTTP/1.1\r\n${HOST}\r\n`, 'GET /a x=%20&y '],
    [`GET /a? HTTP/1.1\r\n${HOST}\r\n`, 'GET /a  '],
    [`POST /a%2Fb HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc`, 'POST /a%2Fb  abc'],
    [`POST /a HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`, 'POST /a  '],
    [`POST /a HTTP/1.1\r\n${HOST}\r\n`, 'POST /a  '],
    [
      `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n`,
      'POST /a  abcdefg',
    ],
    [`FOO /a HTTP/1.1\r\n${HOST}\r\n`, 'FOO /a  '],
  ]) {
    const raw = new RawHttp(t, port)
    await raw.send(sent)
    const [answer] = await raw.take()
    t.match(answer, { status: 200, body }, JSON.stringify(sent))
    if (/chunked/i.test(sent)) {
      t.equal(answer.headers.connection, 'close', 'where chunks end is not certain enough')
      await raw.untilClosed()
      continue
    }
    await raw.send(`GET /again HTTP/1.1\r\n${HOST}\r\n`)
    t.equal((await raw.take(2)).length, 2, 'and the next request')
  }
})

t.test('a request cut at every byte is the same request', { skip: uwsMissing }, async (t) => {
  const { port } = await uwsIngress(t, mirror)
  const line = 'POST /a?x=1 HTTP/1.1\r\n'
  const heads = `${HOST}x-empty: \r\nTransfer-Encoding: chunked\r\n\r\n`
  const whole = `${line}${heads}3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n`
  const cuts = Array.from({ length: whole.length - 1 }, (_, i) => i + 1)
  await Promise.all(
    cuts.map(async (cut) => {
      const raw = new RawHttp(t, port)
      await raw.send(whole.slice(0, cut))
      // Another connection has been answered in full: what was sent first has been read.
      const probe = new RawHttp(t, port)
      await probe.send(`GET /probe HTTP/1.1\r\n${HOST}\r\n`)
      await probe.take()
      await raw.send(whole.slice(cut))
      const [answer] = await raw.take()
      // In the first line, after a space, uWebSockets.js wants to see the rest of the line, or says that this is another version.
      const beforeVersion = line.indexOf(' HTTP')
      const isUnlucky = cut === 'POST '.length || (cut > beforeVersion && cut < line.length)
      if (isUnlucky) t.equal(answer.status, 505, `cut after ${cut} bytes`)
      else t.match(answer, { status: 200, body: 'POST /a x=1 abcd' }, `cut after ${cut} bytes`)
    }),
  )
})

t.test('requests whose end is not certain are refused, and end the connection', { skip: uwsMissing }, async (t) => {
  const seen: string[] = []
  const { port, meters } = await uwsIngress(t, (exchange) => {
    seen.push(exchange.path)
    mirror(exchange)
  })
  const hidden = `GET /hidden HTTP/1.1\r\n${HOST}\r\n`
  for (const [what, fields, status] of [
    ['two lengths', 'Content-Length: 0\r\nContent-Length: 5', 400],
    ['the same length twice', 'Content-Length: 0\r\nContent-Length: 0', 400],
    ['a length and chunks', 'Content-Length: 0\r\nTransfer-Encoding: chunked', 400],
    ['chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 0', 400],
    ['another coding', 'Transfer-Encoding: gzip', 501],
    ['another coding before it', 'Transfer-Encoding: gzip, chunked', 501],
    ['what only ends like it', 'Transfer-Encoding: xchunked', 501],
    ['chunked twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', 501],
    ['a negative length', 'Content-Length: -1', 400],
    ['a length with a sign', 'Content-Length: +1', 400],
    ['a list of lengths', 'Content-Length: 0, 0', 400],
    ['a length that no number holds', 'Content-Length: 99999999999999999999999', 400],
  ] as const) {
    const head = `POST /${encodeURIComponent(what)} HTTP/1.1\r\n${HOST}${fields}\r\n\r\n`
    const alone = new RawHttp(t, port)
    await alone.send(head)
    await alone.untilClosed()
    t.equal(alone.answers[0]?.status, status, what)
    const followed = new RawHttp(t, port)
    await followed.send(`${head}0\r\n\r\n${hidden}${hidden}`)
    await followed.untilClosed()
    t.ok(
      followed.answers.every((answer) => answer.status === status),
      `${what}: nothing after it is taken for a request`,
    )
  }
  const odd = ['3;a=b\r\nabc\r\n0\r\n\r\n', '1?\r\nabc\r\n0\r\n\r\n', '3\r\nabcXX0\r\n\r\n', '3\nabc\n0\n\n']
  await Promise.all(
    odd.map(async (chunks) => {
      const raw = new RawHttp(t, port)
      await raw.send(`POST /odd HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${chunks}${hidden}${hidden}`)
      await raw.untilClosed()
    }),
  )
  t.notOk(seen.includes('/hidden'))
  t.equal(meters.hostile.get('framing'), 12)
})

t.test('what is not HTTP/1.1 is refused, and ends the connection', { skip: uwsMissing }, async (t) => {
  const { port } = await uwsIngress(t, mirror)
  for (const [sent, status] of [
    [`GET /a HTTP/1.0\r\n${HOST}\r\n`, 505],
    [`GET /a HTTP/2.0\r\n${HOST}\r\n`, 505],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
    [`GET http://bus/a HTTP/1.1\r\n${HOST}\r\n`, 505],
    [`GET /a HTTP/1.1\n${HOST}\n`, 505],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 505],
    ['GET /a HTTP/1.1\r\nx: y\r\n\r\n', 400],
    [`POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n`, 400],
    [`POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc`, 400],
  ] as const) {
    const raw = new RawHttp(t, port)
    await raw.send(Buffer.from(sent, 'latin1'))
    await raw.untilClosed()
    t.equal(raw.answers[0]?.status, status, JSON.stringify(sent))
  }
})

t.test('heads have bounds', { skip: uwsMissing }, async (t) => {
  const { port } = await uwsIngress(t, mirror)
  const fields = (count: number) => Array.from({ length: count }, (_, i) => `x-${i}: y\r\n`).join('')
  for (const [what, head, status] of [
    ['8000 bytes', `x: ${'y'.repeat(7950)}\r\n`, 200],
    ['more than 8 KiB', `x: ${'y'.repeat(8192)}\r\n`, 431],
    ['1 MiB', `x: ${'y'.repeat(1 << 20)}\r\n`, 431],
    ['60 fields', fields(60), 200],
    ['120 fields', fields(120), 431],
  ] as const) {
    const raw = new RawHttp(t, port)
    void raw.send(`GET /a HTTP/1.1\r\n${HOST}${head}\r\n`)
    t.equal((await raw.take())[0]?.status, status, what)
  }
  const slow = new RawHttp(t, port)
  await slow.send(`GET /a HTTP/1.1\r\n${HOST}`)
  for (let i = 0; i < 99 && !slow.isClosed; i++) await slow.send(`x-${i}: ${'y'.repeat(100)}\r\n`)
  await slow.untilClosed()
  t.equal(slow.answers[0]?.status, 431, 'little by little, too')
})

t.test('requests that come together are answered in turn', { skip: uwsMissing }, async (t) => {
  const { port } = await uwsIngress(t, mirror)
  const raw = new RawHttp(t, port)
  await raw.send(
    `GET /1 HTTP/1.1\r\n${HOST}\r\nPOST /2 HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\n${HOST}\r\n`,
  )
  t.same(
    (await raw.take(3)).map(({ body }) => body),
    ['GET /1  ', 'POST /2  abc', 'GET /3  '],
  )
})

t.test(
  'a request that comes before the one before it is answered ends the connection',
  { skip: uwsMissing },
  async (t) => {
    let gone = 0
    const { port } = await uwsIngress(t, (exchange) => {
      exchange.gone = () => gone++
    })
    const raw = new RawHttp(t, port)
    await raw.send(`GET /1 HTTP/1.1\r\n${HOST}\r\nGET /2 HTTP/1.1\r\n${HOST}\r\n`)
    await raw.untilClosed()
    await until('it is gone', () => gone === 1)
    t.equal(raw.received, '')
  },
)

t.test('HEAD: the length that GET has, no body, and the connection goes on', { skip: uwsMissing }, async (t) => {
  const { port } = await uwsIngress(t, (exchange) => {
    if (exchange.path === '/stream') {
      exchange.begin(200, { 'content-type': 'text/event-stream' })
      exchange.write('never seen')
      exchange.finish()
    } else if (exchange.path === '/short') exchange.respond(200, { etag: '"1"' }, 'grüße')
    else if (exchange.path === '/long') exchange.respond(200, {}, 'y'.repeat(100_000))
    else exchange.respond(200, {})
  })
  const raw = new RawHttp(t, port)
  const head = async (path: string, count: number): Promise<unknown> => {
    const before = raw.received.length
    await raw.send(`HEAD ${path} HTTP/1.1\r\n${HOST}\r\n`)
    await until('the head', () => raw.received.indexOf('\r\n\r\n', before) > 0)
    const got = raw.received.slice(before)
    t.ok(got.endsWith('\r\n\r\n'), `${count}: nothing after the head`)
    return /^content-length: (.*)\r$/im.exec(got)?.[1]
  }
  t.equal(await head('/short', 1), '7')
  t.equal(await head('/long', 2), '100000')
  t.equal(await head('/none', 3), undefined)
  t.equal(await head('/stream', 4), undefined)
  t.notMatch(raw.received, /transfer-encoding/i)
  await raw.send(`GET /short HTTP/1.1\r\n${HOST}\r\n`)
  await until('the answer', () => raw.received.endsWith('gr\xc3\xbc\xc3\x9fe'))
})

t.test('statuses without a body say no length', { skip: uwsMissing }, async (t) => {
  const { port } = await uwsIngress(t, (exchange) => exchange.respond(Number(exchange.path.slice(1)), { a: 'b' }))
  for (const [status, length, line] of [
    [202, '0', 'HTTP/1.1 202 Accepted'],
    [204, undefined, 'HTTP/1.1 204 No Content'],
    [304, undefined, 'HTTP/1.1 304 Not Modified'],
    [503, '0', 'HTTP/1.1 503 Service Unavailable'],
  ] as const) {
    const raw = new RawHttp(t, port)
    await raw.send(`POST /${status} HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n{}`)
    const [answer] = await raw.take()
    t.equal(raw.received.split('\r\n')[0], line)
    t.match([answer.headers['content-length'], answer.headers.a], [length, 'b'])
    const chunked = new RawHttp(t, port)
    await chunked.send(`POST /${status} HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)
    await chunked.untilClosed()
    t.match(chunked.answers, [{ status, headers: { connection: 'close' } }])
  }
})

t.test('a client that says that it closes is closed, after its answer', { skip: uwsMissing }, async (t) => {
  const { port, ingress } = await uwsIngress(t, (exchange) => {
    if (exchange.path === '/later') setImmediate(() => exchange.respond(200, {}, 'x'.repeat(1_000_000)))
    else exchange.respond(200, {}, 'now')
  })
  for (const [path, length] of [
    ['/now', 3],
    ['/later', 1_000_000],
  ] as const) {
    const raw = new RawHttp(t, port)
    await raw.send(`GET ${path} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`)
    await raw.untilClosed()
    t.equal(raw.answers[0].body.length, length)
  }
  await until('none is open', () => ingress.connections === 0)
})

t.test('a long answer arrives whole at a slow reader', { skip: uwsMissing }, async (t) => {
  const bytes = Buffer.alloc(8 << 20)
  for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32LE(i, i)
  const { port } = await uwsIngress(t, (exchange) => exchange.respond(200, {}, bytes))
  const got = await new Promise<Buffer>((resolve, reject) => {
    request({ port, host: '127.0.0.1', agent: false }, (response) => {
      const parts: Buffer[] = []
      response.on('error', reject)
      response.on('end', () => resolve(Buffer.concat(parts)))
      response.on('data', (part: Buffer) => {
        parts.push(part)
        response.pause()
        setImmediate(() => response.resume())
      })
    }).end()
  })
  t.ok(got.equals(bytes))
})

t.test(
  'a bug of ours in a handler is thrown, not swallowed, and the request is cut',
  { skip: uwsMissing },
  async (t) => {
    const { port } = await uwsIngress(t, () => {
      throw new Error('a bug')
    })
    const thrown = new Promise<Error>((resolve) => process.once('uncaughtException', resolve))
    const raw = new RawHttp(t, port)
    await raw.send(`GET / HTTP/1.1\r\n${HOST}\r\n`)
    await raw.untilClosed()
    t.equal((await thrown).message, 'a bug')
  },
)

t.test(
  'connections of HTTP and WebSocket count together, and those above the limit are told so',
  { skip: uwsMissing },
  async (t) => {
    const { port, ingress, meters } = await uwsIngress(t, mirror, {
      admission: { connectionsMax: 2 },
      headerTimeoutMs: 60_000,
    })
    const [first, second, third] = [new RawHttp(t, port), new RawHttp(t, port), new RawHttp(t, port)]
    await until('all are there', () => ingress.connections === 3)
    await third.send(`GET /a HTTP/1.1\r\n${HOST}\r\n`)
    await third.untilClosed()
    t.match(third.answers[0], { status: 503, headers: { 'retry-after': '1' }, body: /too_many_connections/ })
    await first.send(`GET /a HTTP/1.1\r\n${HOST}\r\n`)
    t.match((await first.take())[0], { status: 200 })
    const silent = Array.from({ length: 100 }, () => new RawHttp(t, port))
    await until(
      'what is far above it is closed',
      () => silent.filter(({ isClosed }) => isClosed).length === 100 + 2 - 2 - 64,
    )
    t.equal(ingress.connections, 66)
    second.socket.destroy()
    for (const { socket } of silent) socket.destroy()
    await until('one is left', () => ingress.connections === 1)
    t.equal(meters.refused.get('too_many_connections'), 1 + 100)
  },
)

t.test('a request may be cut from anywhere, and so may another one', { skip: uwsMissing }, async (t) => {
  let other: HttpExchange | null = null
  const gone: string[] = []
  const { port, ingress } = await uwsIngress(t, (exchange) => {
    const { path } = exchange
    exchange.gone = () => gone.push(path)
    const cut = (): void => {
      exchange.abort()
      exchange.abort()
      exchange.respond(200, {}, 'too late')
      exchange.resume()
    }
    if (path === '/other') other = exchange
    else if (path === '/head') cut()
    else if (path === '/begun') {
      exchange.begin(200, {})
      exchange.write('x')
      cut()
    } else if (path === '/of-another') {
      other?.abort()
      exchange.respond(200, {}, 'done')
    } else {
      exchange.receive({
        chunk: () => path === '/chunk' && cut(),
        end: () => path === '/end' && cut(),
      })
    }
  })
  for (const path of ['/head', '/begun', '/chunk', '/end']) {
    const raw = new RawHttp(t, port)
    await raw.send(`POST ${path} HTTP/1.1\r\n${HOST}Content-Length: 1\r\n\r\nxGET /next HTTP/1.1\r\n${HOST}\r\n`)
    await raw.untilClosed()
    t.equal(raw.received, '', path)
  }
  const open = new RawHttp(t, port)
  await open.send(`GET /other HTTP/1.1\r\n${HOST}\r\n`)
  await until('the other one', () => other !== null)
  const cutter = new RawHttp(t, port)
  await cutter.send(`GET /of-another HTTP/1.1\r\n${HOST}\r\n`)
  t.match(await cutter.take(), [{ status: 200, body: 'done' }])
  await open.untilClosed()
  t.same(gone, ['/head', '/begun', '/chunk', '/end', '/other'])
  cutter.socket.destroy()
  await until('all are gone', () => ingress.connections === 0)
})
