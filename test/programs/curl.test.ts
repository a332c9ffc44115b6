import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { connect } from '../../src/client/index.js'
import type { Command } from '../helpers/command.js'
import { until } from '../helpers/until.js'
import { CurlRig, readEvents } from './curl.js'
import { missing } from './programs.js'

t.setTimeout(120_000)

const skip = missing('curl') || missing('openssl')
const JSON_BODY = ['-H', 'content-type: application/json']
const NDJSON_BODY = ['-H', 'content-type: application/x-ndjson']

/** What a client of ours receives of a pattern. */
async function subscriber(t: Test, rig: CurlRig, pattern: string) {
  const bus = await connect(rig.daemon.url)
  t.teardown(() => bus.close())
  const received: { topic: string; lane: number; value: unknown }[] = []
  await bus.subscribe(pattern, { onEvent: ({ topic, lane, value }) => received.push({ topic, lane, value }) }).ready
  return received
}

function temporaryFile(t: Test, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-curl-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'events.ndjson')
  writeFileSync(path, content)
  return path
}

/** A stream of server-sent events that has begun. */
async function eventStream(rig: CurlRig, ...words: string[]): Promise<Command> {
  const curl = rig.streaming(...words)
  await until('the stream begins', () => curl.stdout.includes('event: welcome') || !curl.isRunning)
  return curl
}

t.test('publish one, with its priority', { skip }, async (t) => {
  const rig = await CurlRig.start(t)
  const received = await subscriber(t, rig, 'orders.>')
  const ways: [base: string, http: string, ...words: string[]][] = [
    [rig.https, '2', '--http2'],
    [rig.https, '1.1', '--http1.1'],
    [rig.http2, '2', '--http2-prior-knowledge'],
    [rig.http2, '1.1', '--http1.1'],
    [rig.listen, '1.1', '--http1.1'],
  ]
  for (const [base, http, ...words] of ways) {
    const url = `${base}/v1/topics/orders.eu.created`
    const answer = await rig.curl(...words, '-d', '{"id":1}', ...JSON_BODY, '-H', 'priority: u=0', url)
    t.match(answer, { code: 0, status: 202, http, body: '' }, `${base} by HTTP/${http}`)
    await until('the event', () => received.length > 0)
    t.same(received.splice(0), [{ topic: 'orders.eu.created', lane: 0, value: { id: 1 } }])
  }
  const waited = await rig.curl(
    '-d',
    '{"id":2}',
    ...JSON_BODY,
    '-H',
    'prefer: wait',
    `${rig.https}/v1/topics/orders.us`,
  )
  t.match(waited, { code: 0, status: 204, http: '2' }, 'an answer after routing')
  await until('the event', () => received.length > 0)
  t.same(received.splice(0), [{ topic: 'orders.us', lane: 3, value: { id: 2 } }])
})

t.test('server-sent events, taken up again after a break', { skip }, async (t) => {
  const rig = await CurlRig.start(t)
  for (const [base, ...words] of [[rig.https, '--http2'], [rig.http2, '--http2-prior-knowledge'], [rig.listen]]) {
    const url = `${base}/v1/events?topic=orders.>`
    const publish = (id: number) => rig.curl('-d', `{"id":${id}}`, ...JSON_BODY, `${rig.https}/v1/topics/orders.eu`)
    const before = await eventStream(rig, '-N', ...words, url)
    for (const id of [1, 2]) t.equal((await publish(id)).status, 202)
    await until('two events', () => readEvents(before).take().length === 2)
    t.same(readEvents(before).take(), [
      ['event', 'orders.eu', 3, { id: 1 }],
      ['event', 'orders.eu', 3, { id: 2 }],
    ])
    const { lastEventId } = readEvents(before)
    before.signal('SIGTERM')
    await before.exited
    t.equal((await publish(3)).status, 202, 'while nobody listens')

    const after = rig.streaming('-N', ...words, '-H', `Last-Event-ID: ${lastEventId}`, url)
    await until('what was missed', () => readEvents(after).take().length === 1)
    t.equal((await publish(4)).status, 202)
    await until('what comes now', () => readEvents(after).take().length === 2)
    t.same(
      readEvents(after).take(),
      [3, 4].map((id) => ['event', 'orders.eu', 3, { id }]),
      `${base}: nothing lost, nothing twice`,
    )
    after.signal('SIGTERM')
    await after.exited
  }
})

t.test('publish many from a file', { skip }, async (t) => {
  const rig = await CurlRig.start(t)
  const received = await subscriber(t, rig, 'orders.>')
  const lines = Array.from({ length: 500 }, (_, id) => `["event","orders.eu",${id % 8},{"id":${id}}]\n`)
  const file = temporaryFile(t, lines.join(''))
  for (const [base, ...words] of [[rig.https, '--http2'], [rig.http2, '--http1.1'], [rig.listen]]) {
    const answer = await rig.curl(...words, '--data-binary', `@${file}`, ...NDJSON_BODY, `${base}/v1/events`)
    t.match(answer, { code: 0, status: 202 }, base)
    t.match(JSON.parse(answer.body), { accepted: 500, refused: 0 })
    await until('all events', () => received.length === 500)
    const ids = received.splice(0).map(({ value }) => (value as { id: number }).id)
    t.same(
      ids.sort((a, b) => a - b),
      Array.from({ length: 500 }, (_, id) => id),
    )
  }
})

t.test('a large body is asked for before it is sent', { skip }, async (t) => {
  const rig = await CurlRig.start(t)
  const line = `["event","large",3,"${'x'.repeat(1000)}"]\n`
  const count = Math.ceil((2 * 1024 * 1024) / line.length)
  const file = temporaryFile(t, line.repeat(count))
  for (const base of [rig.http2, rig.listen, rig.https]) {
    const words = ['--http1.1', '-v', '-H', 'expect: 100-continue', '--data-binary', `@${file}`, ...NDJSON_BODY]
    // Longer than the test waits: the body goes only when the daemon asks for it.
    const answer = await rig.curl(...words, '--expect100-timeout', '100', `${base}/v1/events`)
    t.match(answer, { code: 0, status: 202 }, base)
    t.match(JSON.parse(answer.body), { accepted: count, refused: 0 })
    t.match(answer.stderr, /< HTTP\/1\.1 100 Continue/i)
  }
  t.same((await rig.daemon.scrape()).imbalance, { routing: 0, delivery: 0 })
})

t.test('an endless upload whose acknowledgements come while it goes on', { skip }, async (t) => {
  const rig = await CurlRig.start(t)
  const received = await subscriber(t, rig, 'orders.>')
  for (const [base, ...words] of [
    [rig.https, '--http2'],
    [rig.http2, '--http2-prior-knowledge'],
  ]) {
    const accept = ['-H', 'accept: application/x-ndjson']
    const curl = rig.streaming(...words, '-X', 'POST', '-T', '-', ...NDJSON_BODY, ...accept, `${base}/v1/events`)
    for (let round = 1; round <= 3; round++) {
      curl.write(`["event","orders.eu",3,${round}]\n["sync",${round}]\n`)
      await until('the acknowledgement', () => {
        // curl looks at what the daemon says between two pieces of its input only.
        curl.write('\n')
        return curl.lines.some((line) => line.startsWith(`["synced",${round},`))
      })
      t.ok(curl.isRunning)
    }
    t.ok(curl.lines[0].startsWith('["welcome",'), 'the answer begins at once')
    t.ok(curl.lines.includes('["synced",3,3,0]'))
    curl.end()
    t.match(await curl.exited, { code: 0 })
    await until('the events', () => received.length === 3)
    t.same(
      received.splice(0).map(({ value }) => value),
      [1, 2, 3],
    )
  }
  const curl = rig.streaming('--http1.1', '-X', 'POST', '-T', '-', ...NDJSON_BODY, `${rig.http2}/v1/events`)
  curl.write('["event","orders.eu",3,"first"]\n')
  await until('the first event, while the body goes on', () => received.length === 1)
  curl.write('["event","orders.eu",3,"last"]\n')
  curl.end()
  t.match(await curl.exited, { code: 0 })
  t.match(JSON.parse(curl.stdout), { accepted: 2, refused: 0 }, 'HTTP/1.1 reports at the end')
})

t.test('what is wrong is said as a problem with a code', { skip }, async (t) => {
  const rig = await CurlRig.start(t)
  const cases: [status: number, name: string, path: string, ...words: string[]][] = [
    [400, 'bad_topic', '/v1/topics/a..b', '-d', '1', ...JSON_BODY],
    [403, 'reserved_topic', '/v1/topics/$sys.x', '-d', '1', ...JSON_BODY],
    [400, 'bad_body', '/v1/topics/a', '-d', '{"id":', ...JSON_BODY],
    [400, 'unknown_parameter', '/v1/topics/a?lan=1', '-d', '1', ...JSON_BODY],
    [400, 'bad_parameter', '/v1/topics/a?lane=8', '-d', '1', ...JSON_BODY],
    [400, 'unknown_parameter', '/v1/topics/a', '-d', '1', ...JSON_BODY, '-H', 'sluice-tll: 5'],
    [400, 'unknown_parameter', '/v1/events?topics=a'],
    [400, 'bad_pattern', '/v1/events?topic=a..b'],
    [404, 'not_found', '/v1/topic/a', '-d', '1', ...JSON_BODY],
    [405, 'method_not_allowed', '/v1/topics/a', '-X', 'DELETE'],
    [415, 'unsupported_media_type', '/v1/events', '-d', '1', '-H', 'content-type: text/csv'],
    [406, 'not_acceptable', '/v1/events?topic=a', '-H', 'accept: image/png'],
  ]
  for (const base of [rig.https, rig.listen]) {
    for (const [status, name, path, ...words] of cases) {
      const answer = await rig.curl(...words, `${base}${path}`)
      t.match(answer, { code: 0, status, type: 'application/problem+json' }, `${name}: ${path}`)
      t.match(JSON.parse(answer.body), { type: `urn:sluice:${name}`, status, name, code: Number, title: String })
    }
  }
  const hinted = await rig.curl('-d', '1', ...JSON_BODY, `${rig.https}/v1/topics/a?lan=1`)
  t.match(JSON.parse(hinted.body).detail, /lane/, 'and says what was meant')
})
