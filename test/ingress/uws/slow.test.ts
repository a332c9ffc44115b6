import t from 'tap'
import { Written } from '../../../src/core/link.js'
import type { HttpExchange } from '../../../src/ingress/http/exchange.js'
import { RawHttp } from '../../helpers/raw-http.js'
import { until } from '../../helpers/until.js'
import { uwsIngress, uwsMissing } from '../../helpers/uws-ingress.js'

t.setTimeout(180_000)

/** What uWebSockets.js does after "10 s" happens after 8 to 12. Ours may be slow to look. */
const PATIENCE_MS = 60_000
const HOST = 'Host: bus\r\n'
const LONGER_THAN_ANY_TIMER_MS = 16_000

const tick = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Says something again and again until it is cut off. */
async function keepSaying(raw: RawHttp, what: string, intervalMs: number): Promise<void> {
  const started = performance.now()
  while (!raw.isClosed && performance.now() - started < PATIENCE_MS) {
    await raw.send(what)
    await tick(intervalMs)
  }
  await raw.untilClosed()
}

t.test('who is slow is cut off; who waits for events is not', { skip: uwsMissing }, async (t) => {
  const gone: string[] = []
  const ended: string[] = []
  const { port, ingress } = await uwsIngress(t, (exchange) => {
    const { path } = exchange
    exchange.gone = () => gone.push(path)
    if (path === '/events') {
      exchange.begin(200, { 'content-type': 'text/event-stream' })
      exchange.write('retry: 1\n\n')
      setTimeout(() => exchange.write(': still here\n\n'), LONGER_THAN_ANY_TIMER_MS)
    } else if (path === '/late') setTimeout(() => exchange.respond(200, {}, 'late'), LONGER_THAN_ANY_TIMER_MS)
    else {
      exchange.receive({
        chunk() {},
        end() {
          ended.push(path)
          exchange.respond(200, {})
        },
      })
    }
  })
  const open = (): RawHttp => new RawHttp(t, port)

  const events = open()
  await events.send(`GET /events HTTP/1.1\r\n${HOST}\r\n`)
  const late = open()
  await late.send(`GET /late HTTP/1.1\r\n${HOST}\r\n`)

  const silent = open()
  const head = open()
  await head.send(`GET /head HTTP/1.1\r\n${HOST}`)
  const body = open()
  await body.send(`POST /body HTTP/1.1\r\n${HOST}Content-Length: 1000000\r\n\r\n`)
  const chunked = open()
  await chunked.send(`POST /chunked HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`)
  const chunkHead = open()
  await chunkHead.send(`POST /chunk-head HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`)
  const idle = open()
  await idle.send(`GET /idle HTTP/1.1\r\n${HOST}\r\n`)
  const second = open()
  await second.send(`GET /first HTTP/1.1\r\n${HOST}\r\nGET /second HTTP/1.1\r\n${HOST}`)
  const garbage = open()
  await garbage.send(`GET /a HTTP/1.1\r\n${HOST}no colon here\r\n\r\n`)
  await Promise.all([
    silent.untilClosed(PATIENCE_MS),
    keepSaying(head, 'x: y\r\n', 500),
    keepSaying(body, 'z', 500),
    keepSaying(chunked, '1\r\nz\r\n', 500),
    keepSaying(chunkHead, '0', 500),
    idle.untilClosed(PATIENCE_MS),
    keepSaying(second, 'x: y\r\n', 500),
    garbage.untilClosed(PATIENCE_MS),
  ])
  t.same(
    [silent, head, body, chunked, chunkHead, garbage].map(({ received }) => received),
    ['', '', '', '', '', ''],
    'without a word',
  )
  t.same(gone.sort(), ['/body', '/chunk-head', '/chunked'])
  t.same(ended.sort(), ['/first', '/idle'])
  t.equal((await late.take())[0]?.body, 'late', 'an answer may take its time')
  await until('the next comment', () => events.received.includes('still here'), PATIENCE_MS)
  t.notOk(events.isClosed)
  events.socket.destroy()
  await until('it is gone', () => gone.includes('/events'))
  late.socket.destroy()
  await until('all are gone', () => ingress.connections === 0)
})

t.test(
  'a body that comes faster than 16 KiB a second may take longer than all timers',
  { skip: uwsMissing },
  async (t) => {
    let given = 0
    const { port } = await uwsIngress(t, (exchange) => {
      exchange.receive({
        chunk: (bytes) => {
          given += bytes.length
        },
        end: () => exchange.respond(200, {}, String(given)),
      })
    })
    const raw = new RawHttp(t, port)
    const part = Buffer.alloc(32 << 10)
    const started = performance.now()
    await raw.send(`POST / HTTP/1.1\r\n${HOST}Content-Length: 100000000\r\n\r\n`)
    let sent = 0
    for (; performance.now() - started < LONGER_THAN_ANY_TIMER_MS; sent += part.length) {
      await raw.send(part)
      await tick(100)
    }
    await until('all that was sent', () => given === sent)
    t.notOk(raw.isClosed)
  },
)

t.test('a reader that takes nothing is cut off, and what waited for it is let go', { skip: uwsMissing }, async (t) => {
  let exchange: HttpExchange | null = null
  let gone = 0
  const { port } = await uwsIngress(t, (incoming) => {
    exchange = incoming
    incoming.gone = () => gone++
    incoming.begin(200, {})
  })
  const raw = new RawHttp(t, port)
  raw.socket.pause()
  await raw.send(`GET / HTTP/1.1\r\n${HOST}\r\n`)
  await until('the request', () => exchange !== null)
  const stream = exchange as unknown as HttpExchange
  await until('it takes no more', () => stream.write(Buffer.alloc(10_000)) === Written.BUFFERED)
  await until('it is cut', () => gone > 0, PATIENCE_MS)
  t.equal(gone, 1)
  t.equal(stream.write('x'), Written.GONE)
})
