import { readFileSync } from 'node:fs'
import t from 'tap'
import { COMMANDS } from '../../src/cli/commands.js'
import { Command } from '../helpers/command.js'
import { repositoryPath } from '../helpers/repository.js'

t.test('sluice --help lists every command and the exit codes', async (t) => {
  const help = await Command.run(t, ['--help'])
  t.equal(help.code, 0)
  t.equal(help.stderr, '')
  for (const { name, summary } of COMMANDS) t.match(help.stdout, new RegExp(`^ {2}${name} +${summary}`, 'm'))
  for (const code of [0, 1, 2, 130, 143]) t.match(help.stdout, new RegExp(`^ {2}${code} `, 'm'))
  t.notMatch(help.stdout, '\u001b', 'no colours in a pipe')
})

t.test('every option of every command is in its help, with examples', async (t) => {
  for (const { name, load } of COMMANDS) {
    const command = await load()
    t.equal(command.name, name)
    const help = await Command.run(t, [name, '--help'])
    t.equal(help.code, 0)
    for (const [option, { short, help: text }] of Object.entries(command.options)) {
      const spelled = `${short === undefined ? '' : `-${short}, `}--${option}`
      const line = help.lines.find((each) => each.startsWith(`  ${spelled} `))
      t.ok(line?.endsWith(text), `${name} ${spelled}`)
    }
    for (const option of ['-h, --help', '-V, --version']) t.match(help.stdout, option)
    if (command.dottedOptions !== undefined) t.match(help.stdout, '--section.key VALUE')
    t.ok(command.examples.length > 0)
    for (const { line, says } of command.examples) {
      t.match(line, `sluice ${name}`)
      t.ok(help.stdout.includes(line) && help.stdout.includes(says), line)
    }
    for (const line of help.lines) t.ok(line.length <= 130, `fits a terminal: ${line}`)
  }
})

t.test('help is given in the other ways of asking too', async (t) => {
  const [long, short, word, wrong] = await Promise.all([
    Command.run(t, ['pub', '--help']),
    Command.run(t, ['pub', '-h']),
    Command.run(t, ['help', 'pub']),
    Command.run(t, ['pub', '--nonsense', '--help']),
  ])
  t.same([short.stdout, word.stdout, wrong.stdout], [long.stdout, long.stdout, long.stdout])
  t.equal((await Command.run(t, ['help'])).stdout, (await Command.run(t, ['--help'])).stdout)
  const none = await Command.run(t, [])
  t.equal(none.code, 2)
  t.equal(none.stdout, '')
  t.match(none.stderr, 'Usage')
})

t.test('the version is that of the package', async (t) => {
  const { version } = JSON.parse(readFileSync(repositoryPath('package.json'), 'utf8'))
  for (const words of [['--version'], ['-V'], ['sub', '--version']]) {
    const command = await Command.run(t, words)
    t.equal(command.stdout, `${version}\n`, words.join(' '))
    t.equal(command.code, 0)
  }
})

t.test('what cannot be meant is answered in one sentence, with exit code 2', async (t) => {
  const cases: [string[], string][] = [
    [['srve'], 'unknown command srve; did you mean serve?'],
    [['xyzzy'], 'unknown command xyzzy; sluice --help lists them'],
    [['--verion'], 'unknown option --verion; did you mean --version?'],
    [['pub', 't', '1', '--lnae', '0'], 'unknown option --lnae; did you mean --lane?'],
    [['pub'], 'pub needs a TOPIC; sluice pub --help shows how'],
    [['pub', 't'], 'nothing to publish: give a VALUE, --stdin or --file FILE'],
    [['pub', 't', '1', '--stdin'], 'the value 1 and --stdin exclude each other'],
    [['pub', 't', '--stdin', '--file', 'f'], '--stdin and --file exclude each other'],
    [['pub', 't', '1', '--text', '--raw'], '--text and --raw exclude each other'],
    [['pub', 't', '1', '2'], 'pub: one argument too many: 2; quote a value that has spaces'],
    [['pub', '--topic', 't', '1', '2'], 'one argument too many: 2; the topic is given by --topic'],
    [['pub', 't', '1', '--lane', '8'], '--lane 8: a lane is 0 (most urgent) to 7'],
    [['pub', 't', '1', '--ttl', '5'], '--ttl 5: not a time such as 500ms, 10s, 5m; say 5ms or 5s'],
    [['pub', 't', '1', '--rate', '0'], '--rate 0: not a number of events per second'],
    [['pub', 'a.{b', '1'], 'TOPIC a.{b: a lone {; a field is {name}, and {{ stands for {'],
    [
      ['pub', 't', '1', '--url', 'localhost:7400'],
      '--url localhost:7400: not a URL such as ws://127.0.0.1:7400 or https://host:7443; say ws://localhost:7400',
    ],
    [['sub'], "sub needs a PATTERN, such as 'orders.>'"],
    [
      ['sub', 'a', '--policy', 'drop-odlest'],
      '--policy drop-odlest: not one of drop-oldest, drop-newest, conflate, disconnect; did you mean drop-oldest?',
    ],
    [['sub', 'a', '--count', '-1'], '--count -1: not a whole number of 1 or more'],
    [['bench', '--size', '4'], "--size 4: at least 8, for the event's number"],
    [['serve', 'a.toml', '--config', 'b.toml'], 'the configuration file is given twice: as FILE and as --config'],
  ]
  for (const [words, message] of cases) {
    const command = await Command.run(t, words)
    t.equal(command.stderr, `sluice: ${message}\n`, words.join(' '))
    t.equal(command.code, 2)
    t.equal(command.stdout, '')
  }
})

t.test('without a daemon: one sentence that says what to do, exit code 1', async (t) => {
  // Port 9, discard, of this host: nobody listens there.
  const url = 'ws://127.0.0.1:9'
  const sentence = `sluice: no daemon answers at ${url} (connection refused): start one with "sluice serve", or say where it is with --url or SLUICE_URL\n`
  for (const words of [['pub', 't', '1'], ['sub', 't'], ['bench']]) {
    const command = await Command.run(t, [...words, '--url', url])
    t.equal(command.stderr, sentence, words[0])
    t.equal(command.code, 1)
  }
  const byVariable = await Command.run(t, ['pub', 't', '1'], '', { env: { SLUICE_URL: url } })
  t.equal(byVariable.stderr, sentence, 'by SLUICE_URL')
  const wrong = await Command.run(t, ['pub', 't', '1'], '', { env: { SLUICE_URL: 'ftp://x' } })
  t.equal(wrong.code, 2)
  t.match(wrong.stderr, 'SLUICE_URL ftp://x: not a URL')
})
