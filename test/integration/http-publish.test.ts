import { pack } from 'msgpackr'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { eventFrame } from '../helpers/core-frames.js'
import { daemonHere } from '../helpers/daemon.js'
import { Http1Sender, Http2Sender, type HttpSender } from '../helpers/http-request.js'
import { RawClient } from '../helpers/raw-client.js'

const JSON_TYPE = { 'content-type': 'application/json' }
const NDJSON = { 'content-type': 'application/x-ndjson' }
const FRAMES = { 'content-type': 'application/vnd.sluice.frames' }

/** Each way for a request to come in. */
const CARRIERS: [string, (urls: { url: string; http2Url: string }) => HttpSender][] = [
  ['HTTP/1.1 on the WebSocket port', ({ url }) => new Http1Sender(url)],
  ["HTTP/1.1 on Node's streams", ({ http2Url }) => new Http1Sender(http2Url)],
  ['HTTP/2', ({ http2Url }) => new Http2Sender(http2Url)],
]

for (const [carrier, make] of CARRIERS) {
  t.test(`over ${carrier}`, async (t) => {
    const daemon = await daemonHere(t, { 'http.body_bytes_max': '1MiB' })
    const sender = make(daemon)
    t.teardown(() => sender.close())
    const subscriber = await RawClient.json(daemon.url)
    subscriber.socket.send('["subscribe",1,">"]')
    await subscriber.until('OK', () => subscriber.lines.some(([op]) => op === 'ok'))
    const received = async (count: number) => {
      const events = () => subscriber.lines.filter(([op]) => op === 'event')
      await subscriber.until('the events', () => events().length >= count)
      return subscriber.lines.splice(0).filter(([op]) => op === 'event')
    }

    await t.test('one event of each kind', async (t) => {
      const kinds: [Record<string, string>, string | Uint8Array, unknown[]][] = [
        [JSON_TYPE, '{"id":1,"ü":"é"}', [{ id: 1, ü: 'é' }]],
        [{ 'content-type': 'application/vnd.msgpack' }, pack([1, 'x']), [[1, 'x']]],
        [{ 'content-type': 'text/plain' }, 'hello', ['hello', { type: 'text/plain' }]],
        [{ 'content-type': 'image/png' }, Uint8Array.of(0, 255), [{ $raw: 'AP8=' }, { type: 'image/png' }]],
      ]
      for (const [headers, body, expected] of kinds) {
        const pieces = [body.slice(0, 1), body.slice(1)]
        for (const sent of [[body], pieces]) {
          const answer = await sender.post('/v1/topics/k.%C3%BC', { ...headers, priority: 'u=1' }, sent)
          t.equal(answer.status, 202)
          t.equal(answer.body, '')
          t.same(await received(1), [['event', 'k.ü', 1, ...expected]])
        }
      }
      const waited = await sender.post('/v1/topics/a?lane=7', { ...JSON_TYPE, prefer: 'wait', 'sluice-id': 'i' }, ['1'])
      t.equal(waited.status, 204)
      t.equal(waited.headers['preference-applied'], 'wait')
      t.same(await received(1), [['event', 'a', 7, 1, { id: 'i' }]])
    })

    await t.test('many events, in small pieces', async (t) => {
      const frames = Buffer.concat(Array.from({ length: 200 }, (_, i) => eventFrame('m', pack(i))))
      const lines = Array.from({ length: 200 }, (_, i) => `["event","m",3,${i}]\n`).join('')
      const payloads = Array.from({ length: 200 }, (_, i) => `${i}\n`).join('')
      for (const [path, headers, body] of [
        ['/v1/events', FRAMES, frames],
        ['/v1/events', NDJSON, Buffer.from(lines)],
        ['/v1/topics/m', NDJSON, Buffer.from(payloads)],
      ] as const) {
        const pieces = Array.from({ length: Math.ceil(body.length / 333) }, (_, i) =>
          body.subarray(i * 333, i * 333 + 333),
        )
        const answer = await sender.post(path, headers, pieces)
        t.equal(answer.status, 202)
        t.same(JSON.parse(answer.body), { accepted: 200, refused: 0 })
        t.same(
          await received(200),
          Array.from({ length: 200 }, (_, i) => ['event', 'm', 3, i]),
          'each of them, in order',
        )
      }
    })

    await t.test('what is refused', async (t) => {
      const refused = async (path: string, headers: Record<string, string>, pieces: (string | Uint8Array)[]) => {
        const { status, headers: answered, body } = await sender.post(path, headers, pieces)
        t.equal(answered['content-type'], 'application/problem+json')
        const problem = JSON.parse(body) as { status: number; code: number }
        t.equal(problem.status, status)
        return problem
      }
      t.match(await refused('/v1/topics/a', JSON_TYPE, ['{']), { status: 400, code: Code.BAD_BODY })
      t.match(await refused('/v1/topics/a', JSON_TYPE, [Uint8Array.of(0x22, 0xff, 0x22)]), { code: Code.BAD_BODY })
      t.match(await refused('/v1/topics/a..b', JSON_TYPE, ['1']), { status: 400, code: Code.BAD_TOPIC })
      t.match(await refused('/v1/topics/$sys.a', JSON_TYPE, ['1']), { status: 403, code: Code.RESERVED_TOPIC })
      t.match(await refused('/v1/topics/a?lnae=1', JSON_TYPE, ['1']), { code: Code.UNKNOWN_PARAMETER, nearest: 'lane' })
      t.match(await refused('/v1/topics/a', { ...JSON_TYPE, 'sluice-tll': '1' }, ['1']), { nearest: 'sluice-ttl' })
      t.match(await refused('/v1/nothing', JSON_TYPE, ['1']), { status: 404 })
      t.match(await refused('/v1/topics/a', { ...JSON_TYPE, origin: 'https://elsewhere.example' }, ['1']), {
        status: 403,
      })
      const mixed = ['["event","good",3,1]\n["event","b..d",3,1]\nbroken\n']
      t.match(await refused('/v1/events', NDJSON, mixed), { accepted: 1, refused: 1, errors: [{}, { line: 3 }] })
      t.same(await received(1), [['event', 'good', 3, 1]])
    })

    await t.test('a body that is too long is answered, whether its length is told or not', async (t) => {
      const chunk = '["event","a",3,1]\n'.repeat(1000)
      const pieces = Array.from({ length: 100 }, () => chunk)
      for (const headers of [NDJSON, { ...NDJSON, 'content-length': String(100 * chunk.length) }]) {
        const answer = await sender.post('/v1/events', headers, pieces).catch((error: Error) => error)
        // Who still sends when the answer comes may see the connection end instead.
        if (answer instanceof Error) t.pass(answer.message)
        else t.match(answer, { status: 413 })
      }
      t.equal((await sender.post('/v1/topics/a', JSON_TYPE, ['1'])).status, 202, 'the next one is served')
    })

    const scrape = await daemon.scrape()
    t.strictSame(scrape.imbalance, { routing: 0, delivery: 0 })
    t.ok(scrape.get('sluice_events_accepted_total') > 600)
  })
}
