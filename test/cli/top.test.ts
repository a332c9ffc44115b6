import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { pack } from 'msgpackr'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { Command, MAIN } from '../helpers/command.js'
import { daemonHere } from '../helpers/daemon.js'
import { FakeDaemon, listen } from '../helpers/fake-daemon.js'
import { busyStats } from '../helpers/stats.js'
import { until } from '../helpers/until.js'

interface Teardown {
  teardown(run: () => unknown): void
}

const TOPIC = '$sys.stats'

/** A daemon that tells its figures when the test says so. */
class Telling {
  private sequence = 0

  private constructor(
    readonly daemon: FakeDaemon,
    readonly url: string,
  ) {}

  static async start(t: Teardown): Promise<Telling> {
    const daemon = new FakeDaemon()
    const listening = await listen(daemon)
    t.teardown(() => listening.close())
    return new Telling(daemon, listening.url)
  }

  /** To whoever is subscribed; the first time once somebody is. */
  async tell(value?: unknown): Promise<void> {
    await until('a subscriber', () => this.daemon.sessions.some((each) => each.isOpen && each.patterns.has(TOPIC)))
    const sequence = ++this.sequence
    const at = Date.UTC(2026, 10, 21) + sequence * 1000
    const frame = encodeEvent(TOPIC, 3, pack(value ?? { ...busyStats(), at, sequence }))
    for (const session of this.daemon.sessions) if (session.patterns.has(TOPIC)) session.send(frame)
  }
}

t.test('--once: one picture as text, and the end', async (t) => {
  const telling = await Telling.start(t)
  const command = Command.start(t, ['top', '--once', '--url', telling.url], { env: { COLUMNS: '80', LINES: '24' } })
  await telling.tell()
  await command.exited
  t.equal(command.code, 0)
  t.equal(command.stderr, '')
  t.match(command.lines[0], /^orders-1 .* live$/)
  t.match(command.stdout, /^billing-archive +1023KiB /m)
  t.notMatch(command.stdout, '\u001b')
  t.notMatch(command.stdout, 'quit', 'no keys where there are none')
  t.ok(command.lines.length <= 24 && command.lines.every((line) => line.length <= 80))
})

t.test('in a pipe: a picture each second, until it is interrupted', async (t) => {
  const telling = await Telling.start(t)
  const command = Command.start(t, ['top', '--url', telling.url])
  const pictures = (): number => command.stdout.split('orders-1 ').length - 1
  for (let told = 1; told <= 3; told++) {
    await telling.tell()
    await until('a picture', () => pictures() === told)
  }
  t.match(command.stdout, /\n\norders-1 /)
  telling.daemon.last.kill()
  await telling.tell()
  await until('a picture after the connection broke', () => pictures() === 4)
  command.signal('SIGINT')
  await command.exited
  t.equal(command.code, 130)
  t.match(command.stderr, /^sluice: connection lost .*; trying again\nsluice: connected again/)
})

t.test('--json: the figures as they are told; --interval leaves some out', async (t) => {
  const telling = await Telling.start(t)
  const command = Command.start(t, ['top', '--json', '--interval', '2s', '--url', telling.url])
  for (let told = 1; told <= 5; told++) await telling.tell()
  await command.untilLines(3)
  command.signal('SIGTERM')
  await command.exited
  t.equal(command.code, 143)
  const figures = command.lines.map((line) => JSON.parse(line))
  t.same(
    figures.map(({ sequence }) => sequence),
    [1, 3, 5],
  )
  t.same(figures[0], { ...busyStats(), at: figures[0].at, sequence: 1 })
})

t.test('what cannot be shown is said in one sentence', async (t) => {
  const telling = await Telling.start(t)
  const often = await Command.run(t, ['top', '--interval', '500ms', '--url', telling.url])
  t.equal(often.code, 2)
  t.match(often.stderr, 'sluice: --interval 500ms: the daemon tells its figures once a second\n')

  const strange = Command.start(t, ['top', '--json', '--url', telling.url])
  await telling.tell({ hello: 'world' })
  await strange.exited
  t.equal(strange.code, 1)
  t.match(strange.stderr, /sluice: the daemon's figures are not understood: .+\n$/)

  const silent = await Command.run(t, ['top', '--once', '--url', telling.url])
  t.equal(silent.code, 1)
  t.match(silent.stderr, /sluice: connected, but nothing came on \$sys\.stats in 5\.00 s: .+\n$/)

  telling.daemon.refuses = () => Code.TOO_MANY_SUBSCRIPTIONS
  const refused = await Command.run(t, ['top', '--once', '--url', telling.url])
  t.equal(refused.code, 1)
  t.match(refused.stderr, /sluice: subscription to \$sys\.stats was refused: .+\n$/)
  telling.daemon.refuses = () => 0

  const ended = Command.start(t, ['top', '--json', '--url', telling.url])
  await telling.tell()
  await ended.untilLines(1)
  telling.daemon.last.close(Code.UNSUPPORTED_VERSION, 'too old')
  await ended.exited
  t.equal(ended.code, 1)
  t.match(ended.stderr, /too old/)
})

t.test('what a daemon tells, with the past that it remembers', async (t) => {
  const { url, adminUrl } = await daemonHere(t, { 'server.name': 'orders-1' })
  const where = ['--url', url, '--admin', adminUrl]
  const past = async (): Promise<number> => {
    const { points } = (await (await fetch(`${adminUrl}/stats/history`)).json()) as { points: unknown[] }
    return points.length
  }
  await until('three seconds of a past', async () => (await past()) >= 3)
  const command = await Command.run(t, ['top', '--once', ...where])
  t.equal(command.stderr, '')
  t.equal(command.code, 0)
  t.match(command.lines[0], /^orders-1 .* ready .* live$/)
  t.match(command.stdout, /^limit \w+/m)
  t.match(command.stdout, /^of \d+s\b/m, 'the past')

  const elsewhere = await Command.run(t, ['top', '--once', '--url', url, '--admin', 'http://127.0.0.1:9'])
  t.equal(elsewhere.code, 1, 'an admin port that was named must be there')
  t.match(elsewhere.stderr, /^sluice: no .*http:\/\/127\.0\.0\.1:9/)
})

const noScript = spawnSync('script', ['--version']).status === 0 ? false : 'no script(1) to make a terminal'
const ENTERED = '\u001b[?1049h'
const LEFT = '\u001b[?1049l'

/** On a terminal of its own of 80×24. */
function onTerminal(t: Teardown, line: string, env: { [name: string]: string } = {}): Command {
  const words = ['-qec', `stty rows 24 cols 80; ${line}`, '/dev/null']
  return Command.spawn(t, 'script', words, { env: { TERM: 'xterm', ...env } })
}

/** What a terminal shows after the last picture that has come whole, without colours. */
function lastPicture(command: Command): string {
  const whole = command.stdout.slice(0, Math.max(0, command.stdout.lastIndexOf('\u001b[?2026l')))
  const picture = whole.split('\u001b[?2026h').at(-1) ?? ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return picture.replaceAll(/\u001b\[[?\d;]*[A-Za-z]/g, '')
}

t.test('on a terminal', { skip: noScript }, async (t) => {
  t.test('a picture moved by keys, and the terminal as it was', async (t) => {
    const telling = await Telling.start(t)
    const command = onTerminal(t, `'${process.execPath}' '${MAIN}' top --url ${telling.url}; stty -a`)
    await telling.tell()
    await until('the picture', () => lastPicture(command).includes('billing-archive'))
    t.match(command.stdout, ENTERED)
    t.match(command.stdout, '\u001b[31mslow consumer', 'colours')
    t.equal(lastPicture(command).split('\r\n').length, 24)
    command.write('?')
    await until('help', () => lastPicture(command).includes('this list, and back'))
    command.write('? ')
    await until('the picture, frozen', () => /orders-1 .*FROZEN/.test(lastPicture(command)))
    command.write('l')
    await until('lanes', () => /delivery +12\.0k/.test(lastPicture(command)))
    t.notMatch(command.stdout, LEFT)
    command.write('q')
    await command.exited
    t.equal(command.code, 0)
    const after = command.stdout.slice(command.stdout.lastIndexOf(LEFT))
    t.match(after, / icanon /, 'lines are lines again')
    t.match(after, / echo /)
  })

  t.test('NO_COLOR; while the connection is down the picture stays and says so', async (t) => {
    const telling = await Telling.start(t)
    const line = `exec '${process.execPath}' '${MAIN}' top --url ${telling.url}`
    const command = onTerminal(t, line, { NO_COLOR: '1' })
    await telling.tell()
    await until('the picture', () => / live/.test(lastPicture(command)))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what is looked for
    t.notMatch(command.stdout, /\u001b\[[\d;]*m/)
    telling.daemon.welcomes = false
    telling.daemon.last.kill()
    await until('the word', () => /orders-1 .*reconnecting: /.test(lastPicture(command)))
    t.match(lastPicture(command), 'billing-archive')
    command.write('\u0003')
    await command.exited
    t.equal(command.code, 130)
    t.match(command.stdout, LEFT)
  })

  t.test('ended by a signal, it gives the terminal back', async (t) => {
    for (const [signal, code] of [
      ['TERM', 143],
      ['HUP', 129],
    ] as const) {
      const telling = await Telling.start(t)
      const command = onTerminal(
        t,
        `'${process.execPath}' '${MAIN}' top --url ${telling.url} & P=$!; echo pid $P; wait $P; echo code $?`,
      )
      await telling.tell()
      await until('the picture', () => lastPicture(command).includes('billing-archive'))
      process.kill(Number(/pid (\d+)/.exec(command.stdout)?.[1]), `SIG${signal}`)
      await command.exited
      t.match(command.stdout.slice(command.stdout.lastIndexOf(LEFT)), `code ${code}`)
    }
  })

  t.test('a crash: its stack is seen on the screen that was there before', async (t) => {
    const screen = fileURLToPath(new URL('../../src/cli/top/screen.js', import.meta.url))
    const style = fileURLToPath(new URL('../../src/cli/style.js', import.meta.url))
    const code = [
      `import { Screen } from '${screen}'`,
      `import { styleFor } from '${style}'`,
      `const screen = new Screen(process.stdout, process.stdin, styleFor(process.stdout, process.env))`,
      'screen.enter()',
      `screen.draw([[{ text: 'drawn', tone: 'bold' }]])`,
      `setTimeout(() => { throw new Error('crashed') })`,
    ].join('\n')
    const file = `${t.testdir({ 'crash.mjs': code })}/crash.mjs`
    const command = onTerminal(t, `'${process.execPath}' '${file}'; stty -a`)
    await command.exited
    const [, drawn, after] = /1049h(.*)1049l(.*)/s.exec(command.stdout) ?? []
    t.match(drawn, 'drawn')
    t.notMatch(drawn, 'crashed')
    t.match(after, 'Error: crashed')
    t.match(after, / icanon /)
  })
})
