import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pack } from 'msgpackr'
import t from 'tap'
import { type Bus, connect } from '../../src/client/index.js'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { Command, MAIN } from '../helpers/command.js'
import { FakeDaemon, type FakeSession, listen } from '../helpers/fake-daemon.js'
import { until } from '../helpers/until.js'

interface Teardown {
  teardown(run: () => unknown): void
}

async function serve(t: Teardown): Promise<{ daemon: FakeDaemon; url: string }> {
  const daemon = new FakeDaemon()
  const listening = await listen(daemon)
  t.teardown(() => listening.close())
  return { daemon, url: listening.url }
}

/** The command, once the daemon knows all of its patterns. */
async function subscribed(t: Teardown, daemon: FakeDaemon, words: string[], patterns = 1): Promise<Command> {
  const command = Command.start(t, ['sub', ...words])
  await untilSubscribed(daemon, patterns)
  return command
}

function untilSubscribed(daemon: FakeDaemon, patterns: number): Promise<void> {
  return until('the subscriptions', () =>
    daemon.sessions.some(({ patterns: { size }, isOpen }) => isOpen && size >= patterns),
  )
}

function sendMany(session: FakeSession, topic: string, count: number): void {
  const frames = Array.from({ length: count }, (_, n) => encodeEvent(topic, 3, pack({ n })))
  session.send(Buffer.concat(frames))
}

async function publisher(t: Teardown, url: string): Promise<Bus> {
  const bus = await connect(url)
  t.teardown(() => bus.close())
  return bus
}

t.test('JSON lines in a pipe, ended by --count', async (t) => {
  const { daemon, url } = await serve(t)
  const command = await subscribed(t, daemon, ['logs.>', '--count', '3', '--url', url])
  const bus = await publisher(t, url)
  bus.publish('logs.a', { id: 1 }, { lane: 0, key: 'k' })
  bus.publish('other', 1)
  bus.publish('logs.b', 'text')
  bus.publish('logs.c', 5, { type: 'application/json' })
  bus.publish('logs.d', 'one too many')
  await command.exited
  t.equal(command.code, 0)
  t.equal(command.stderr, '')
  const lines = command.lines.map((line) => JSON.parse(line))
  t.match(lines, [
    { topic: 'logs.a', lane: 0, value: { id: 1 }, metadata: { key: 'k' } },
    { topic: 'logs.b', lane: 3, value: 'text' },
    { topic: 'logs.c', lane: 3, value: 5, metadata: { type: 'application/json' } },
  ])
  t.equal(lines.length, 3)
  t.same(Object.keys(lines[1]), ['topic', 'lane', 'time', 'value'])
  t.equal(new Date(lines[1].time).toISOString(), lines[1].time)
})

t.test('--raw gives the bytes of the payload and a line end', async (t) => {
  const { daemon, url } = await serve(t)
  const command = await subscribed(t, daemon, ['a', '--raw', '-n', '2', '--url', url])
  const bus = await publisher(t, url)
  bus.publish('a', 'caf\u00e9', { type: 'text/plain' })
  bus.publishBytes('a', Buffer.from('x'), { type: 'text/plain' })
  await command.exited
  t.equal(command.stdout, 'caf\u00e9\nx\n')
})

t.test('where patterns overlap an event is printed once', async (t) => {
  const { daemon, url } = await serve(t)
  const command = await subscribed(t, daemon, ['a.b', 'a.*', '>', 'a.b', '--count', '3', '--url', url], 3)
  const bus = await publisher(t, url)
  for (const topic of ['a.b', 'a.c', 'd']) {
    bus.publish(topic, topic)
    await bus.sync()
    await until(topic, () => command.stdout.includes(`"value":"${topic}"`))
  }
  await command.exited
  t.same(
    command.lines.map((line) => JSON.parse(line).value),
    ['a.b', 'a.c', 'd'],
  )
})

t.test('the options of a subscription reach the daemon', async (t) => {
  const { daemon, url } = await serve(t)
  const words = ['a', '--policy', 'conflate', '--bytes-max', '64KiB', '--events-max', '10', '--url', url]
  await subscribed(t, daemon, words)
  const frame = daemon.last.heard.find(({ op }) => op === Op.SUBSCRIBE)
  t.match(frame, { pattern: 'a', options: { policy: 'conflate', bytesMax: 65_536, eventsMax: 10 } })
})

t.test('SIGINT and SIGTERM: a summary, 130 or 143', async (t) => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const { daemon, url } = await serve(t)
    const command = await subscribed(t, daemon, ['a', '--url', url])
    sendMany(daemon.last, 'a', 1234)
    await command.untilLines(1234)
    command.signal(signal)
    await command.exited
    t.equal(command.code, code)
    t.match(command.stderr, /^1,234 events in .+ · .+ events\/s · none missed\n$/)
  }
})

t.test('--duration ends it, with a summary', async (t) => {
  const { url } = await serve(t)
  const command = await Command.run(t, ['sub', 'a', '--duration', '50ms', '--url', url])
  t.equal(command.code, 0)
  t.match(command.stderr, /^0 events in .+ · 0 events\/s · none missed\n$/)
})

t.test('what was missed is told on stderr, and counted', async (t) => {
  const { daemon, url } = await serve(t)
  const command = await subscribed(t, daemon, ['a.>', '--url', url])
  daemon.last.send({ op: Op.GAP, pattern: 'a.>', count: 1200, reason: 'drop-oldest' })
  daemon.last.send({ op: Op.GAP, pattern: 'a.>', count: 1, reason: 'conflated' })
  sendMany(daemon.last, 'a.b', 1)
  await command.untilLines(1)
  command.signal('SIGINT')
  await command.exited
  t.match(command.stderr, 'sluice: missed 1,200 events of a.> (drop-oldest)\n')
  t.match(command.stderr, 'sluice: missed 1 event of a.> (conflated)\n')
  t.match(command.stderr, /^1 event in .+ · 1,201 missed\n$/m)
})

t.test('subscribes again after a restart of the daemon, and says what that means', async (t) => {
  const { daemon, url } = await serve(t)
  const command = await subscribed(t, daemon, ['a', '--url', url])
  sendMany(daemon.last, 'a', 1)
  await command.untilLines(1)
  daemon.last.kill()
  await until('another connection', () => daemon.sessions.length === 2)
  await untilSubscribed(daemon, 1)
  sendMany(daemon.last, 'a', 1)
  await command.untilLines(2)
  command.signal('SIGINT')
  await command.exited
  t.match(
    command.stderr,
    /^2 events in .+ · none missed · connection lost 1 time, what passed meanwhile is not counted\n$/m,
  )
  t.match(command.stderr, 'connection lost')
  t.match(command.stderr, `connected again to ${url}\n`)
  t.match(command.stderr, 'nobody knows how many events of a passed meanwhile\n')
})

t.test('a refused subscription, or the end of the connection for good, is a failure', async (t) => {
  const { daemon, url } = await serve(t)
  daemon.refuses = (pattern) => (pattern === 'no' ? Code.TOO_MANY_SUBSCRIPTIONS : 0)
  const refused = await Command.run(t, ['sub', 'yes', 'no', '--url', url])
  t.equal(refused.code, 1)
  t.match(refused.stderr, /sluice: subscription to no was refused: .+\n$/)
  const command = await subscribed(t, daemon, ['a', '--url', url])
  daemon.last.close(Code.UNSUPPORTED_VERSION, 'too old')
  await command.exited
  t.equal(command.code, 1)
  t.match(command.stderr, /too old \(code 4515\)\n$/)
  const bad = await Command.run(t, ['sub', 'a..b', '--url', url])
  t.equal(bad.code, 2, "what can never be a pattern is the caller's mistake")
})

t.test('a reader that goes away ends it, without a word', async (t) => {
  const { daemon, url } = await serve(t)
  const command = await subscribed(t, daemon, ['a', '--url', url])
  sendMany(daemon.last, 'a', 1)
  await command.untilLines(1)
  command.child.stdout?.destroy()
  const flood = setInterval(() => sendMany(daemon.last, 'a', 100), 5)
  t.teardown(() => clearInterval(flood))
  await command.exited
  t.equal(command.code, 0)
  t.equal(command.stderr, '')
})

t.test('a full disk is a failure', async (t) => {
  const { daemon, url } = await serve(t)
  const words = ['-c', `exec "$0" "$@" > /dev/full`, process.execPath, MAIN, 'sub', 'a', '--url', url]
  const command = Command.spawn(t, '/bin/sh', words)
  await untilSubscribed(daemon, 1)
  sendMany(daemon.last, 'a', 1)
  await command.exited
  t.equal(command.code, 1)
  t.match(command.stderr, /^sluice: cannot write: .*ENOSPC/)
})

t.test('nothing is lost on the way into a slow reader', async (t) => {
  const { daemon, url } = await serve(t)
  const count = 60_000
  const command = await subscribed(t, daemon, ['a', '--count', `${count}`, '--url', url])
  command.child.stdout?.pause()
  for (let sent = 0; sent < count; sent += 5000) sendMany(daemon.last, 'a', 5000)
  daemon.last.send({ op: Op.PING, token: 1 })
  await until('that it has read all of them', () => daemon.last.count(Op.PONG) === 1)
  command.child.stdout?.resume()
  await command.exited
  t.equal(command.code, 0)
  t.equal(command.lines.length, count)
  t.match(JSON.parse(command.lines[count - 1]), { value: { n: 4999 } })
  t.equal(command.stderr, '')
})

const hasScript = spawnSync('script', ['--version']).status === 0

t.test('coloured columns on a terminal', { skip: hasScript ? false : 'no script(1) to make a terminal' }, async (t) => {
  const { daemon, url } = await serve(t)
  const typescript = join(t.testdir({}), 'typescript')
  const line = `'${process.execPath}' '${MAIN}' sub 'a.>' --lane --time --count 2 --url ${url}`
  const command = Command.spawn(t, 'script', ['-qec', line, typescript], { env: { TERM: 'xterm' } })
  await untilSubscribed(daemon, 1)
  const bus = await publisher(t, url)
  bus.publish('a.b', { id: 1 }, { lane: 0 })
  bus.publish('a.c', '\u001b[2Jboo')
  await command.exited
  t.equal(command.code, 0)
  const text = readFileSync(typescript, 'utf8')
  t.match(
    text.replaceAll('\u001b', 'ESC'),
    /ESC\[2m\d\d:\d\d:\d\d\.\d{3}ESC\[0m {2}ESC\[31m0ESC\[0m {2}ESC\[36ma\.bESC\[0m {2}\{"id":1\}/,
  )
  t.match(text, '\\x1b[2Jboo')
})
