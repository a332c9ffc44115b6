import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ENTRIES, loadConfig } from '../../src/config/index.js'
import { makeCertificate, opensslMissing } from '../helpers/certificates.js'
import { Command } from '../helpers/command.js'

t.test('a good file, and what of it is not at its default', async (t) => {
  const file = join(t.testdir({ 'own.toml': '[listen]\nport = 7500\n' }), 'own.toml')
  const command = await Command.run(t, ['check', file, '--log.level', 'debug'], '', { env: { SLUICE_ADMIN_PORT: '7' } })
  const { digest } = loadConfig({ file, env: { SLUICE_ADMIN_PORT: '7' }, flags: { 'log.level': 'debug' } }) as {
    digest: string
  }
  t.equal(
    command.stdout,
    `ok: ${ENTRIES.size} options, 3 not at their default (${file}, SLUICE_ADMIN_PORT, --log.level), configuration ${digest}\n`,
  )
  t.equal(command.stderr, '')
  t.equal(command.code, 0)
})

t.test('without a file it is the one beside the package; or none', async (t) => {
  const own = await Command.run(t, ['check'])
  t.match(
    own.stdout,
    /^ok: \d+ options, 0 not at their default \(.*config\/sluice\.toml\), configuration [0-9a-f]{16}\n$/,
  )
  const none = await Command.run(t, ['check', '--config', 'none'])
  const { digest } = loadConfig({ env: {}, flags: {} }) as { digest: string }
  t.equal(none.stdout, `ok: ${ENTRIES.size} options, 0 not at their default (no file), configuration ${digest}\n`)
})

t.test('every problem with its place and what was meant; exit code 2', async (t) => {
  const file = join(t.testdir({ 'bad.toml': '[listen]\nprot = 1\nport = "x"\n' }), 'bad.toml')
  const command = await Command.run(t, ['check', file, '--listen.hots', 'h'], '', { env: { SLUICE_LOG_LEVL: 'info' } })
  const lines = command.stderr.trimEnd().split('\n')
  t.equal(lines.length, 5)
  t.match(lines[0], `${file}:2:1 listen.prot: `)
  t.match(lines[0], 'did you mean')
  t.match(lines[1], `${file}:3:8 listen.port: expected`)
  t.match(lines[2], 'SLUICE_LOG_LEVL')
  t.match(lines[3], '--listen.hots: unknown flag; did you mean --listen.host?')
  t.equal(lines[4], 'not ok: 4 problems')
  t.equal(command.stdout, '')
  t.equal(command.code, 2)
})

t.test('a file that is not there', async (t) => {
  const command = await Command.run(t, ['check', join(t.testdir({}), 'none.toml')])
  t.equal(command.code, 2)
  t.match(command.stderr, 'none.toml')
})

t.test('--print gives a file that says the same', async (t) => {
  const flags = { 'listen.port': '7500', 'listen.idle_timeout': '2m', 'protocol.payload_bytes_max': '64KiB' }
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])
  const { stdout, code } = await Command.run(t, ['check', '--config', 'none', '--print', ...words])
  t.equal(code, 0)
  t.match(stdout, /^port = 7500 {2}# default: 7400$/m)
  const file = join(t.testdir({}), 'printed.toml')
  writeFileSync(file, stdout)
  const printed = loadConfig({ file, env: {}, flags: {} })
  const wanted = loadConfig({ env: {}, flags })
  t.ok(printed.ok && wanted.ok && printed.digest === wanted.digest, 'same digest')
})

t.test('the certificate and its key are looked at', { skip: opensslMissing }, async (t) => {
  const [good, late] = [makeCertificate(t), makeCertificate(t, { days: 0 })]
  const check = (certificate: string, key: string) =>
    Command.run(t, ['check', '--config', 'none', '--tls.certificate', certificate, '--tls.key', key])
  t.match(await check(good.certificateFile, good.keyFile), { code: 0, stderr: '' })
  const expired = await check(late.certificateFile, late.keyFile)
  t.match(expired.stderr, /^warning: the certificate in .+ has expired/)
  t.equal(expired.code, 0)
  const mixed = await check(good.certificateFile, late.keyFile)
  t.match(mixed.stderr, /^tls\.key: the key in .+ does not belong to the certificate in .+\nnot ok: 1 problem\n$/)
  t.match(mixed, { code: 2, stdout: '' })
})
