import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { unpack } from 'msgpackr'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { EventScanner } from '../../src/protocol/scan.js'
import { Command } from '../helpers/command.js'
import { FakeDaemon, listen } from '../helpers/fake-daemon.js'
import { until } from '../helpers/until.js'

interface Received {
  topic: string
  lane: number
  payload: Buffer
  metadata: object | undefined
}

async function serve(t: { teardown(run: () => unknown): void }): Promise<{ daemon: FakeDaemon; url: string }> {
  const daemon = new FakeDaemon()
  const listening = await listen(daemon)
  t.teardown(() => listening.close())
  return { daemon, url: listening.url }
}

const scanner = new EventScanner()

/** What the daemon accepted. */
function received(daemon: FakeDaemon): Received[] {
  return daemon.taken.map(({ topic, lane, frame }) => {
    scanner.scan(frame, 0, frame.length)
    const { payloadStart, payloadEnd, metadataStart, metadataEnd } = scanner
    return {
      topic,
      lane,
      payload: Buffer.from(frame.subarray(payloadStart, payloadEnd)),
      metadata: metadataStart === metadataEnd ? undefined : unpack(frame.subarray(metadataStart, metadataEnd)),
    }
  })
}

function values(daemon: FakeDaemon): unknown[] {
  return received(daemon).map(({ payload }) => unpack(payload))
}

t.test('one value, with options', async (t) => {
  const { daemon, url } = await serve(t)
  const words = ['pub', 'orders.eu', '{"id":1}', '--lane', '0', '--ttl', '2s', '--key', 'k', '--url', url]
  const command = await Command.run(t, words)
  t.equal(command.code, 0)
  t.equal(command.stdout + command.stderr, '', 'silence is success')
  const [event] = received(daemon)
  t.match(event, { topic: 'orders.eu', lane: 0, metadata: { ttl: 2000, key: 'k' } })
  t.same(unpack(event.payload), { id: 1 })
})

t.test('what a value is', async (t) => {
  const { daemon, url } = await serve(t)
  const cases: [string[], unknown][] = [
    [['-5'], -5],
    [['two words'], 'two words'],
    [['42', '--text'], '42'],
    [['[1,null]'], [1, null]],
    [['--', '--text'], '--text'],
  ]
  for (const [words] of cases) t.equal((await Command.run(t, ['pub', '--url', url, 't', ...words])).code, 0)
  t.same(
    values(daemon),
    cases.map(([, value]) => value),
  )
  t.equal(
    (await Command.run(t, ['pub', '--url', url, '--topic', 'u.{id}', '{"id":7}', '--raw', '--count', '3'])).code,
    0,
  )
  t.same(
    received(daemon).slice(-3),
    Array(3).fill({ topic: 'u.7', lane: 3, payload: Buffer.from('{"id":7}'), metadata: { type: 'text/plain' } }),
  )
})

t.test("a value that cannot be published is the caller's mistake", async (t) => {
  const { daemon, url } = await serve(t)
  for (const words of [
    ['a b', '1'],
    ['a.*', '1'],
    ['u.{id}', '{}'],
    ['$sys.x', '1'],
    ['t', 'x', '--json'],
  ]) {
    const command = await Command.run(t, ['pub', '--url', url, ...words])
    t.equal(command.code, 2, words.join(' '))
    t.match(command.stderr, /^sluice: .+\n$/)
  }
  t.equal(daemon.taken.length, 0)
})

t.test('lines of standard input, as they come', async (t) => {
  const { daemon, url } = await serve(t)
  const command = Command.start(t, ['pub', 'logs.host', '--stdin', '--url', url])
  command.write('Jan 1 first\n')
  await until('the first event', () => daemon.taken.length === 1)
  command.write('{"level":"info"}\r\n\n42\nhalf')
  await until('two more', () => daemon.taken.length === 3)
  command.end(' and half')
  await command.exited
  t.equal(command.code, 0)
  t.same(values(daemon), ['Jan 1 first', { level: 'info' }, '42', 'half and half'])
  t.match(command.stderr, /^4 events in .+ · .+ events\/s · 0 refused\n$/)
  t.ok(daemon.last.count(Op.SYNC) > 0, 'it ended with a sync')
})

t.test('a topic from fields; lines that do not fit are reported and left out', async (t) => {
  const { daemon, url } = await serve(t)
  const input = '{"level":"info","n":1}\nplain\n{"lvl":1}\n{"level":"a b"}\n{"level":"warn"}\n'
  const words = ['pub', 'logs.{level}', '--stdin', '--url', url]
  const command = await Command.run(t, words, input)
  t.equal(command.code, 1)
  t.same(
    daemon.taken.map(({ topic }) => topic),
    ['logs.info', 'logs.warn'],
  )
  const lines = command.stderr.split('\n')
  t.equal(lines[0], 'sluice: line 2: not a JSON object, so it has no field level')
  t.equal(lines[1], 'sluice: line 3: no field level')
  t.match(lines[2], /^sluice: line 4: .*"logs\.a b"/)
  t.match(lines[3], /^2 events in .+ · 0 refused · 3 invalid lines left out$/)
  const forgiving = await Command.run(t, [...words, '--skip-invalid', '--quiet'], input)
  t.equal(forgiving.code, 0)
  t.notMatch(forgiving.stderr, 'events in', 'no summary')
  t.match(forgiving.stderr, 'line 2', 'but reported all the same')
})

t.test('--json, --raw, --key from fields, --count', async (t) => {
  const { daemon, url } = await serve(t)
  const json = await Command.run(t, ['pub', 't', '--stdin', '--json', '--url', url], '1\n[2]\nthree\n')
  t.equal(json.code, 1)
  t.match(json.stderr, 'line 3: not JSON: ')
  t.same(values(daemon), [1, [2]])
  await Command.run(t, ['pub', 't', '--stdin', '--raw', '--url', url], 'caf\u00e9\n\n')
  t.same(
    received(daemon)
      .slice(2)
      .map(({ payload }) => payload.toString()),
    ['caf\u00e9', ''],
  )
  await Command.run(
    t,
    ['pub', 't', '--stdin', '--key', '{id}', '--count', '2', '--url', url],
    '{"id":1}\n{"id":2}\n{"id":3}\n',
  )
  t.same(
    received(daemon)
      .slice(4)
      .map(({ metadata }) => metadata),
    [{ key: '1' }, { key: '2' }],
  )
})

t.test('a file', async (t) => {
  const { daemon, url } = await serve(t)
  const file = join(t.testdir({}), 'events.ndjson')
  const lines = Array.from({ length: 20_000 }, (_, n) => JSON.stringify({ n, text: 'x'.repeat(n % 50) }))
  writeFileSync(file, lines.join('\n'))
  const command = await Command.run(t, ['pub', 'replay', '--file', file, '--url', url])
  t.equal(command.code, 0)
  t.match(command.stderr, /^20,000 events in /)
  t.same(
    values(daemon).map((value) => JSON.stringify(value)),
    lines,
    'every line, in order',
  )
  const missing = await Command.run(t, ['pub', 't', '--file', `${file}.none`, '--url', url])
  t.equal(missing.code, 1)
  t.match(missing.stderr, /^sluice: cannot read .*events\.ndjson\.none: .*no such file/)
  const folder = await Command.run(t, ['pub', 't', '--file', dirname(file), '--url', url])
  t.equal(folder.code, 1)
  t.match(folder.stderr, `sluice: cannot read ${dirname(file)}: EISDIR`)
})

t.test('--rate spreads events instead of sending them at once', async (t) => {
  const { daemon, url } = await serve(t)
  const command = Command.start(t, ['pub', 't', '--stdin', '--rate', '20', '--count', '6', '--url', url])
  command.end('x\n'.repeat(1000))
  await command.exited
  t.equal(command.code, 0)
  t.equal(daemon.taken.length, 6)
  t.same(daemon.last.batches, [1, 1, 1, 1, 1, 1], 'each in a message of its own')
})

t.test('SIGINT and SIGTERM: what was read is published, a summary, 130 or 143', async (t) => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const { daemon, url } = await serve(t)
    const command = Command.start(t, ['pub', 't', '--stdin', '--url', url])
    command.write('a\nb\n')
    await until('two events', () => daemon.taken.length === 2)
    command.signal(signal)
    await command.exited
    t.equal(command.code, code)
    t.match(command.stderr, /^2 events in .+ · 0 refused\n$/)
  }
})

t.test('SIGINT ends it while the daemon is silent too; a second one at once', async (t) => {
  const { daemon, url } = await serve(t)
  daemon.answersSyncs = false
  const patient = await startSilenced(t, daemon, url)
  patient.signal('SIGINT')
  await patient.exited
  t.equal(patient.code, 130)
  const impatient = await startSilenced(t, daemon, url)
  impatient.signal('SIGINT')
  impatient.signal('SIGINT')
  await impatient.exited
  t.equal(impatient.code, 130)
})

async function startSilenced(
  t: { teardown(run: () => unknown): void },
  daemon: FakeDaemon,
  url: string,
): Promise<Command> {
  const taken = daemon.taken.length
  const command = Command.start(t, ['pub', 't', '--stdin', '--url', url])
  command.write('a\n')
  await until('an event', () => daemon.taken.length === taken + 1)
  return command
}

t.test('refused events are told, counted and change the exit code', async (t) => {
  const { daemon, url } = await serve(t)
  daemon.refuses = (topic) => (topic === 'no' ? Code.PAYLOAD_TOO_LARGE : 0)
  const one = await Command.run(t, ['pub', 'no', '1', '--url', url])
  t.equal(one.code, 1)
  t.match(one.stderr, /^sluice: 1 event refused: .+ \(payload_too_large, topic no\)\n$/)
  const stream = await Command.run(t, ['pub', '{to}', '--stdin', '--url', url], '{"to":"no"}\n{"to":"yes"}\n')
  t.equal(stream.code, 1)
  t.match(stream.stderr, /2 events in .+ · 1 refused\n$/)
})

t.test('goes on over a restart of the daemon', async (t) => {
  const { daemon, url } = await serve(t)
  const command = Command.start(t, ['pub', 't', '--stdin', '--url', url])
  command.write('before\n')
  await until('the first event', () => daemon.taken.length === 1)
  await until('its confirmation', () => daemon.last.count(Op.SYNC) > 0)
  daemon.last.kill()
  await until('another connection', () => daemon.sessions.length === 2)
  command.end('after\n')
  await command.exited
  t.same(values(daemon), ['before', 'after'])
  t.match(command.stderr, 'connection lost')
  t.match(command.stderr, `connected again to ${url}`)
})

t.test('a daemon that sends us away for good is a failure', async (t) => {
  const { daemon, url } = await serve(t)
  const command = Command.start(t, ['pub', 't', '--stdin', '--url', url])
  command.write('a\n')
  await until('the first event', () => daemon.taken.length === 1)
  daemon.last.close(Code.UNSUPPORTED_VERSION, 'too old')
  command.end('b\n')
  await command.exited
  t.equal(command.code, 1)
  t.match(command.stderr, /the connection has ended: too old \(code 4515\)\n$/)
})
