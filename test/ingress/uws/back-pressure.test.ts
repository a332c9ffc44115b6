import t, { type Test } from 'tap'
import { Written } from '../../../src/core/link.js'
import type { HttpExchange } from '../../../src/ingress/http/exchange.js'
import { UwsExchange } from '../../../src/ingress/uws/uws-exchange.js'
import { makeCertificate, opensslMissing } from '../../helpers/certificates.js'
import { http1Peer, type PeerExchange } from '../../helpers/http-peer.js'
import { loadTls } from '../../helpers/tls.js'
import { until } from '../../helpers/until.js'
import { uwsIngress, uwsMissing } from '../../helpers/uws-ingress.js'

t.setTimeout(180_000)

const TOTAL_BYTES = 12 << 20

/** Bytes whose place can be told. */
function pattern(from: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let i = 0; i < length; i++) bytes[i] = (from + i) % 251
  return bytes
}

function assertPattern(t: Test, request: PeerExchange): void {
  const { body } = request
  t.equal(body.length, TOTAL_BYTES)
  let wrong = -1
  for (let i = 0; i < body.length && wrong < 0; i++) if (body[i] !== i % 251) wrong = i
  t.equal(wrong, -1, 'every byte is in its place')
}

const CARRIERS = [
  { name: 'plain', secure: false, sendBytes: 256 << 10 },
  { name: 'plain, small buffers', secure: false, sendBytes: 16 << 10 },
  { name: 'TLS', secure: true, sendBytes: 256 << 10 },
  { name: 'TLS, small buffers', secure: true, sendBytes: 16 << 10 },
]

for (const { name, secure, sendBytes } of CARRIERS) {
  const skip = uwsMissing || (secure && opensslMissing)
  // From one byte a write to far more than uWebSockets.js gathers, and past each of its bounds.
  for (const writeBytes of [777, 12_288, 16_384, 65_536, 1_000_000]) {
    t.test(`${name}: writes of ${writeBytes} bytes to a reader that stutters`, { skip }, async (t) => {
      const files = secure ? makeCertificate(t) : null
      const tls = files === null ? null : loadTls(t, files).tls
      let buffered = 0
      let told = 0
      const { port } = await uwsIngress(
        t,
        (exchange) => {
          let written = 0
          const fill = (): void => {
            while (written < TOTAL_BYTES) {
              const length = Math.min(writeBytes, TOTAL_BYTES - written)
              const bytes = pattern(written, length)
              const status = exchange.write(bytes)
              bytes.fill(255)
              written += length
              if (status === Written.BUFFERED) {
                buffered++
                if (written < TOTAL_BYTES) return
              }
            }
            exchange.writable = null
            exchange.finish()
          }
          exchange.writable = () => {
            told++
            if (!exchange.isDrained) t.fail('told that there is room while something waits')
            fill()
          }
          exchange.gone = () => t.fail('nobody has gone')
          exchange.begin(200, {})
          fill()
        },
        { tls, socketBuffers: { receive: 128 << 10, send: sendBytes } },
      )
      const peer = http1Peer(port, files?.certificate)
      t.teardown(() => peer.close())
      const request = peer.request()
      request.end()
      await request.done()
      assertPattern(t, request)
      t.ok(buffered > 0 && told > 0, 'it was held back')
    })
  }
}

t.test(
  'what waits for a reader in uWebSockets.js is bounded, whatever is written at a time',
  { skip: uwsMissing },
  async (t) => {
    let exchange: HttpExchange | null = null
    const { port, ingress } = await uwsIngress(t, (incoming) => {
      exchange = incoming
      incoming.begin(200, {})
    })
    const peer = http1Peer(port)
    t.teardown(() => peer.close())
    const request = peer.request()
    request.end()
    await until('the request', () => exchange !== null)
    const stream = exchange as unknown as UwsExchange
    t.ok(stream instanceof UwsExchange)
    const bytes = Buffer.alloc(64 << 20)
    t.equal(stream.write(bytes), Written.BUFFERED)
    t.notOk(stream.isDrained)
    // All but what kernels took and two pieces is still ours.
    const { rest } = stream as unknown as { rest: Buffer }
    t.ok(rest.length > bytes.length / 2)
    t.ok(ingress.pieceBytes <= 12_288)
    stream.finish()
    await request.done()
    t.equal(request.body.length, bytes.length, 'and it comes after finish, too')
  },
)

t.test('many streams of small writes beside each other', { skip: uwsMissing }, async (t) => {
  const streams: HttpExchange[] = []
  const { port } = await uwsIngress(t, (exchange) => {
    exchange.begin(200, {})
    streams.push(exchange)
  })
  const peer = http1Peer(port)
  t.teardown(() => peer.close())
  const requests = Array.from({ length: 20 }, () => {
    const request = peer.request()
    request.end()
    return request
  })
  await until('all of them', () => streams.length === requests.length)
  for (let i = 0; i < 100; i++) {
    for (const stream of streams) stream.write(`${i};`)
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (const stream of streams) stream.finish()
  const expected = Array.from({ length: 100 }, (_, i) => `${i};`).join('')
  for (const request of requests) t.equal((await request.done()).body.toString(), expected)
})

for (const secure of [false, true]) {
  const skip = uwsMissing || (secure && opensslMissing)
  t.test(
    `${secure ? 'TLS' : 'plain'}: a stream that is written while another request is being read`,
    { skip },
    async (t) => {
      const files = secure ? makeCertificate(t) : null
      const tls = files === null ? null : loadTls(t, files).tls
      let stream: HttpExchange | null = null
      let isBlocked = false
      let written = 0
      const { port } = await uwsIngress(
        t,
        (exchange) => {
          if (exchange.method === 'GET') {
            stream = exchange
            exchange.writable = () => {
              isBlocked = false
            }
            exchange.begin(200, {})
            return
          }
          exchange.receive({
            chunk() {
              while (!isBlocked && written < TOTAL_BYTES) {
                const bytes = pattern(written, Math.min(40_000, TOTAL_BYTES - written))
                isBlocked = (stream as HttpExchange).write(bytes) === Written.BUFFERED
                written += bytes.length
              }
            },
            end: () => exchange.respond(200, {}, 'done'),
          })
        },
        { tls },
      )
      const peer = http1Peer(port, files?.certificate)
      t.teardown(() => peer.close())
      const reader = peer.request()
      reader.end()
      await until('the stream', () => stream !== null)
      while (written < TOTAL_BYTES) {
        const writer = peer.request({ method: 'POST', headers: { 'content-length': '1' } })
        writer.end('x')
        t.equal((await writer.done()).body.toString(), 'done')
      }
      await until('it is drained', () => !isBlocked)
      ;(stream as unknown as HttpExchange).finish()
      await reader.done()
      assertPattern(t, reader)
    },
  )
}
