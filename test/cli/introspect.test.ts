import t from 'tap'
import type { ConnectionView } from '../../src/observe/introspect/rows.js'
import { Op } from '../../src/protocol/ops.js'
import { Command } from '../helpers/command.js'
import { DaemonProcess } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

t.setTimeout(120_000)

interface Teardown {
  teardown(run: () => unknown): void
}

/** A daemon with a reader and a publisher, and commands that find it by the environment. */
async function scene(t: Teardown) {
  const daemon = await DaemonProcess.start(t)
  const reader = await RawClient.open(daemon.url)
  reader.send({ op: Op.HELLO, info: { name: 'ware\u001b[31mhouse\u009b\u202e' } })
  await reader.subscribe('orders.>')
  const env = { SLUICE_ADMIN_URL: daemon.adminUrl }
  const run = (...words: string[]): Promise<Command> => Command.run(t, words, '', { env })
  return { daemon, reader, run }
}

/** Nothing that a peer has chosen may steer the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STEERS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/

t.test('connections: as a table, one of them, the closed ones, and as JSON', async (t) => {
  const { reader, run } = await scene(t)
  const table = await run('connections')
  t.equal(table.code, 0, table.stderr)
  t.match(
    table.lines[0],
    /^session +client +pending +events +dropped +blocked +in\/s +out\/s +subs +age +port +by +address$/,
  )
  t.equal(table.lines.length, 2)
  t.match(table.lines[1], /ware\\x1b\[31mhouse\\x9b\\u\{202e\}/)
  t.match(table.lines[1], /listen +websocket +127\.0\.0\.1(:\d+)?$/)
  t.notMatch(table.stdout, STEERS)

  const json = await run('connections', '--json', '--sort', 'age', '--limit', '5')
  t.notMatch(json.stdout, STEERS.source.replace('\\u202e', ''))
  const { connections } = JSON.parse(json.stdout) as { connections: ConnectionView[] }
  t.match(connections, [{ listener: 'listen', subscriptions: 1 }])
  const session = String(connections[0].session)
  const one = await run('connections', session, '--rtt')
  t.match(one.stdout, /^client +ware\\x1b/m)
  t.match(one.stdout, /^round trip +no answer$/m, 'this client does not answer PING')
  t.match(one.stdout, /^orders\.> .* drop-oldest/m)
  t.notMatch(one.stdout, STEERS)

  t.match((await run('connections', '--slow')).stdout, 'no connection')
  t.match((await run('connections', '--closed')).stdout, 'none has ended')
  await reader.close()
  let closed = await run('connections', '--closed')
  await until('it is among the closed', async () => {
    closed = await run('connections', '--closed')
    return closed.lines.length === 2
  })
  t.match(closed.lines[1], /ware\\x1b.* ago +no_status/)
  t.notMatch(closed.stdout, STEERS)
})

t.test('topics, patterns, and who is subscribed', async (t) => {
  const { daemon, run } = await scene(t)
  const publisher = await RawClient.open(daemon.url)
  const loading = setInterval(() => publisher.publish('orders.eu', 'x'), 20)
  t.teardown(() => clearInterval(loading))
  const topics = await run('topics')
  t.match(topics.stdout, /^events\/s +topic\n +[\d.]+ +orders\.eu\n[\d.]+ events\/s on 1 topic\n$/)
  t.match((await run('topics', '--patterns')).lines[1], /^ +1 +orders\.>$/)
  t.match((await run('topics', '--pattern', 'orders.>')).lines[1], /drop-oldest +127/)
  t.match((await run('topics', '--pattern', 'orders')).stdout, 'nobody is subscribed to exactly this pattern')
  t.match(JSON.parse((await run('topics', '--json')).stdout), { topics: [{ topic: 'orders.eu' }] })
})

t.test('trace: an event with its times, and who would get it', async (t) => {
  const { reader, run } = await scene(t)
  const traced = await run('trace', 'orders.eu', '{"id":1}', '--lane', '1')
  t.equal(traced.code, 0, traced.stderr)
  t.match(traced.lines[0], /^orders\.eu {2}lane 1 {2}1 receiver: 1 sent$/)
  t.match(traced.stdout, /^accepted +0µs\ndrained +[\d.]+[µm]?s\nall done +[\d.]+[µm]?s\n\n/m)
  t.match(traced.lines.at(-1), /ware\\x1b.*[µm]s +sent +– +orders\.> +127/)
  await reader.until('the event', () => reader.events.length === 1)
  t.match(reader.events[0], { topic: 'orders.eu', lane: 1 })
  t.equal(reader.events[0].payload.toString('hex'), '81a2696401', 'one msgpack value')
  const text = await run('trace', 'orders.eu', '5', '--text', '--json')
  t.match(JSON.parse(text.stdout), { total: 1, lane: 3, receivers: [{ outcome: 'sent', waitingEvents: 0 }] })
  await reader.until('the text', () => reader.events.length === 2)
  t.equal(reader.events[1].payload.toString('hex'), 'a135')

  const dry = await run('trace', 'orders.eu', '--dry-run')
  t.match(dry.lines[0], 'orders.eu  would go to 1 receiver')
  t.match((await run('trace', 'elsewhere', '--dry-run')).stdout, 'nobody would get it')
  t.match((await run('trace', 'elsewhere')).lines[0], 'nobody is subscribed')
  t.equal(reader.events.length, 2)
})

t.test('kick: ends a connection, for a reason', async (t) => {
  const { reader, run } = await scene(t)
  const { connections } = JSON.parse((await run('connections', '--json')).stdout) as { connections: ConnectionView[] }
  const session = String(connections[0].session)
  const kicked = await run('kick', session, 'frozen since noon')
  t.equal(kicked.code, 0, kicked.stderr)
  t.match(kicked.stdout, /^ended: session \d+ \(ware\\x1b.*, 127\.0\.0\.1(:\d+)?\)\n$/)
  t.notMatch(kicked.stdout, STEERS)
  t.same(await reader.untilClosed(), { code: 4007, reason: 'frozen since noon' })
  const again = await run('kick', session)
  t.equal(again.code, 1, 'what is not there any more is no mistake of the line')
  t.match(again.stderr, /no connection \d+/)
})

t.test('lines that cannot be meant, and daemons that are not there', async (t) => {
  const { run } = await scene(t)
  const wrong: [string[], RegExp][] = [
    [['connections', '--sort', 'pendng'], /none of pending, drops, rate, age/],
    [['connections', '--limit', '0'], /--limit 0/],
    [['connections', '--limit', '1001'], /from 1 to 1000/],
    [['connections', '--rtt', '--limit', '500'], /from 1 to 100/],
    [['connections', '--listener', 'x'], /none of listen, http2, https/],
    [['connections', '1', '--slow'], /--slow is for all/],
    [['connections', '--closed', '--slow'], /exclude each other/],
    [['connections', '../metrics'], /not the number of a session/],
    [['topics', '--patterns', '--pattern', 'a'], /exclude each other/],
    [['kick'], /needs a SESSION/],
    [['kick', 'all'], /kick all: not the number/],
    [['trace'], /needs a TOPIC/],
    [['trace', 'a..b'], /dot-separated/],
    [['trace', 'a', '--lane', '9'], /--lane 9/],
    [['trace', 'a', '1', '--dry-run'], /exclude each other/],
    [['trace', '$sys.stats'], /belong to the daemon/],
  ]
  for (const [words, says] of wrong) {
    const { code, stderr, stdout } = await run(...words)
    t.equal(code, 2, words.join(' '))
    t.match(stderr, says)
    t.equal(stdout, '')
  }
  const { daemon, run: late } = await scene(t)
  daemon.signal('SIGKILL')
  await daemon.exited
  const nobody = await late('connections')
  t.equal(nobody.code, 1)
  t.match(nobody.stderr, `no admin port answers at ${daemon.adminUrl}`)
})
