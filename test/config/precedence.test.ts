import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Config, DEFAULTS, formatProblem, type LoadOptions, loadConfig } from '../../src/config/index.js'

function load(options: Partial<LoadOptions>): Config {
  const loaded = loadConfig({ env: {}, flags: {}, ...options })
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'))
  return loaded.config
}

function problems(options: Partial<LoadOptions>): string[] {
  const loaded = loadConfig({ env: {}, flags: {}, ...options })
  return loaded.ok ? [] : loaded.problems.map(formatProblem)
}

t.test('precedence: defaults, file, environment, flags', (t) => {
  const text = '[listen]\nport = 1\nhost = "::1"\nconnections_max = 10\n[log]\nlevel = "warn"'
  const env = { SLUICE_LISTEN_PORT: '2', SLUICE_LISTEN_HOST: '127.0.0.2', SLUICE_OUTBOX_POLICY: undefined, HOME: '/' }
  const flags = { 'listen.port': '3' }
  t.equal(load({}).listen.port, 7400)
  t.equal(load({ text }).listen.port, 1)
  t.equal(load({ text, env }).listen.port, 2)
  t.equal(load({ env }).listen.port, 2)
  t.equal(load({ text, env, flags }).listen.port, 3)
  t.equal(load({ text, flags }).listen.port, 3)
  const all = loadConfig({ file: 'c.toml', text, env, flags })
  t.match(all, { ok: true, sources: ['c.toml', 'SLUICE_LISTEN_PORT', 'SLUICE_LISTEN_HOST', '--listen.port'] })
  t.same(load({ text, env, flags }), {
    ...DEFAULTS,
    listen: { ...DEFAULTS.listen, port: 3, host: '127.0.0.2', connectionsMax: 10 },
    log: { ...DEFAULTS.log, level: 'warn' },
  })
  t.same(
    problems({ text: '[listen]\nport = -1', flags }),
    ['<text>:2:8 listen.port: expected an integer from 0 to 65535, given -1'],
    'a value that is replaced is checked all the same',
  )
  t.end()
})

t.test('every kind of value, as text and as TOML', (t) => {
  const toml = load({
    text:
      '[listen]\nmessage_bytes_max = 524_288\nidle_timeout = "1.5m"\n[protocol]\npayload_bytes_max = "100KiB"\n' +
      '[router]\nstrict_share = 0.5\nlane_weights = [7, 6, 5, 4, 3, 2, 1]\n[admin]\nenabled = false\n' +
      '[outbox]\npolicy = "conflate"\n[server]\nname = "käse 1"\n[shutdown]\ndrain_timeout = 0',
  })
  const flags = load({
    flags: {
      'listen.message_bytes_max': '512KiB',
      'listen.idle_timeout': '90s',
      'protocol.payload_bytes_max': '102400',
      'router.strict_share': '0.5',
      'router.lane_weights': '7, 6,5,4,3,2,1',
      'admin.enabled': 'false',
      'outbox.policy': 'conflate',
      'server.name': 'käse 1',
      'shutdown.drain_timeout': '0',
    },
  })
  t.same(toml, flags)
  t.equal(toml.listen.idleTimeoutMs, 90_000)
  t.equal(toml.listen.messageBytesMax, 524_288)
  t.same(toml.router.laneWeights, [7, 6, 5, 4, 3, 2, 1])
  t.same(
    load({ env: { SLUICE_ROUTER_LANE_WEIGHTS: '[7, 6, 5, 4, 3, 2, 1]' } }).router.laneWeights,
    [7, 6, 5, 4, 3, 2, 1],
  )
  t.end()
})

t.test('the digest tells effective configurations apart, not how they were said', (t) => {
  const digest = (options: Partial<LoadOptions>) => {
    const loaded = loadConfig({ env: {}, flags: {}, ...options })
    return loaded.ok ? loaded.digest : ''
  }
  t.match(digest({}), /^[0-9a-f]{16}$/)
  t.equal(digest({ text: '[listen]\nport = 7400' }), digest({}))
  t.equal(digest({ flags: { 'listen.port': '1' } }), digest({ env: { SLUICE_LISTEN_PORT: '1' } }))
  t.not(digest({ flags: { 'listen.port': '1' } }), digest({}))
  t.end()
})

t.test('a configuration cannot be changed', (t) => {
  t.ok(Object.isFrozen(DEFAULTS))
  t.ok(Object.isFrozen(load({}).listen))
  t.ok(Object.isFrozen(load({ flags: { 'router.lane_weights': '1,1,1,1,1,1,1' } }).router.laneWeights))
  t.end()
})

t.test('files', (t) => {
  const dir = t.testdir({ 'good.toml': '\ufeff[listen]\r\nport = 7500\r\n', bad: {} })
  const good = join(dir, 'good.toml')
  t.match(loadConfig({ file: good, env: {}, flags: {} }), {
    ok: true,
    sources: [good],
    config: { listen: { port: 7500 } },
  })
  t.same(problems({ file: join(dir, 'none.toml') }), [
    `${join(dir, 'none.toml')}: no such file; give the path of a configuration file, or none to run on the defaults`,
  ])
  t.same(problems({ file: join(dir, 'bad') }), [`${join(dir, 'bad')}: is a directory; give the path of the file in it`])
  t.match(problems({ file: 'a\0b' }), [/^a\0b: cannot be read: /])
  const binary = join(dir, 'binary')
  writeFileSync(binary, Buffer.from([0x61, 0xff, 0xfe]))
  t.same(problems({ file: binary }), [`${binary}: is not UTF-8 text; save it as such`])
  t.same(problems({ file: '/dev/zero' }), ['/dev/zero: is longer than 1048576 bytes: not a configuration file'])
  t.same(
    problems({ file: join(dir, 'none.toml'), flags: { 'listen.port': 'x' } }).length,
    2,
    'what else is wrong is told as well',
  )
  const pipe = join(dir, 'pipe')
  execFileSync('mkfifo', [pipe])
  execFileSync('sh', ['-c', `printf '[listen]\\nport = 1\\n' > "$1" &`, 'sh', pipe], { stdio: 'ignore' })
  t.equal(load({ file: pipe }).listen.port, 1, 'a pipe is a file')
  t.end()
})
