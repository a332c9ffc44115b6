// The Dockerfile and what is beside it: what they name is there, and means what they say. Building it is test/programs/image.test.ts.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { COMMANDS } from '../../src/cli/commands.js'
import { ENTRIES, loadConfig } from '../../src/config/index.js'
import { filesBelow, ROOT, textOf } from './files.js'

const dockerfile = textOf('Dockerfile')
const compose = textOf('docker/compose.yaml')
const [defaults, refused] = [
  loadConfig({ env: {}, flags: {} }),
  loadConfig({ file: 'docker/sluice.toml', text: textOf('docker/sluice.toml'), env: {}, flags: {} }),
]

/** Instructions with their arguments, continued lines joined. */
const instructions = dockerfile
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '')

t.test('what is copied is there, and gets past .dockerignore', async (t) => {
  const copied = instructions
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(' ').slice(1, -1))
  t.ok(copied.length > 5)
  t.same(
    copied.filter((path) => !existsSync(join(ROOT, path))),
    [],
  )
  const [all, ...let_in] = textOf('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  t.equal(all, '*')
  t.same(let_in.map((line) => line.slice(1)).sort(), [...new Set(copied)].sort())
})

t.test('the image runs as nobody, installs without scripts, and checks its health by a command of ours', async (t) => {
  t.ok(instructions.includes('USER 7400:7400'))
  t.ok(instructions.includes('STOPSIGNAL SIGTERM'))
  t.match(dockerfile, /npm ci --ignore-scripts/)
  t.notMatch(dockerfile, /\b(curl|wget)\b|^ADD /m)
  const health = /^HEALTHCHECK .* CMD (\[.*\])$/m.exec(dockerfile)?.[1]
  const [program, command] = JSON.parse(health ?? '[]') as string[]
  t.equal(program, 'sluice')
  t.ok(COMMANDS.some(({ name }) => name === command))
  t.ok(compose.includes(`test: ["CMD", "${program}", "${command}"]`))
})

t.test('its configuration asks who may connect, and is enough once that is said', async (t) => {
  t.equal(refused.ok, false)
  const anonymous = loadConfig({
    file: 'docker/sluice.toml',
    text: textOf('docker/sluice.toml'),
    env: { SLUICE_AUTH_ALLOW_ANONYMOUS: 'true' },
    flags: {},
  })
  if (!anonymous.ok) return t.fail(anonymous.problems.map(({ message }) => message).join('\n'))
  t.match(anonymous.config, { listen: { host: '0.0.0.0' }, http2: { host: '0.0.0.0' }, admin: { host: '127.0.0.1' } })
})

t.test('compose: for this machine only, confined, and stopped no sooner than it has drained', async (t) => {
  const ports = [...compose.matchAll(/^ +- "([\d.:]+)"$/gm)].map((match) => match[1])
  t.ok(ports.length >= 5)
  t.same(
    ports.filter((port) => !/^127\.0\.0\.1:(\d+):\1$/.test(port)),
    [],
  )
  const [, sluice] = /^ {2}sluice:\n((?: {4}.*\n|\n)+)/m.exec(compose) ?? []
  for (const wanted of ['read_only: true', '- ALL', '- no-new-privileges:true', 'nofile:', 'mem_limit: ']) {
    t.match(sluice, wanted)
  }
  if (!defaults.ok) return t.fail('the defaults are wrong')
  const grace = /^ {4}stop_grace_period: (\d+)s$/m.exec(compose)?.[1]
  const { readyGraceMs, goawaySpreadMs, drainTimeoutMs } = defaults.config.shutdown
  t.ok(Number(grace) * 1000 > readyGraceMs + goawaySpreadMs + drainTimeoutMs)
  for (const [, path] of compose.matchAll(/^ +- (\.[^:]*):/gm)) {
    t.ok(existsSync(join(ROOT, 'docker', path)), path)
  }
})

t.test('variables that are named are options', async (t) => {
  const clients = ['SLUICE_URL', 'SLUICE_ADMIN_URL', 'SLUICE_TOKEN', 'SLUICE_PASSWORD']
  const others = new Set([...clients, 'SLUICE_LONG', 'SLUICE_TEST_TIMEOUT_S'])
  const known = new Set([...ENTRIES.keys()].map((key) => `SLUICE_${key.replaceAll('.', '_').toUpperCase()}`))
  const texts = ['Dockerfile', 'SECURITY.md', 'docs/docker.md', 'docs/security.md', ...filesBelow('docker')]
  const strange = texts
    .filter((path) => existsSync(join(ROOT, path)))
    .flatMap((path) =>
      [...textOf(path).matchAll(/\bSLUICE_[A-Z0-9_]*[A-Z0-9]\b/g)]
        .map(([name]) => name)
        .filter((name) => !known.has(name) && !others.has(name))
        .map((name) => `${path}: ${name}`),
    )
  t.same(strange, [])
})
