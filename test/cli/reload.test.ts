import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { type CertificateFiles, makeCertificate, opensslMissing, replaceCertificate } from '../helpers/certificates.js'
import { Command } from '../helpers/command.js'
import { DaemonProcess } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

const flagsFor = ({ certificateFile, keyFile }: CertificateFiles, watch: boolean) => ({
  'tls.certificate': certificateFile,
  'tls.key': keyFile,
  'tls.watch': String(watch),
  'https.port': '0',
})

const linesOf = (daemon: DaemonProcess, what: RegExp): number => daemon.logs.filter(({ msg }) => what.test(msg)).length
const said = (daemon: DaemonProcess, what: RegExp, times = 1): Promise<void> =>
  until(`${what} in the log, ${times} times`, () => linesOf(daemon, what) >= times)

const REFUSED = /^reload: refused; the configuration before stays in use$/
const NOTHING = /^reload: no option has changed that takes effect without a restart$/

async function digestOf(daemon: DaemonProcess): Promise<string> {
  const { text } = await daemon.scrape()
  return /^sluice_config_info\{digest="(\w+)"\} 1$/m.exec(text)?.[1] ?? ''
}

t.test('SIGHUP takes up a changed file: what is live at once, what needs a restart by name', async (t) => {
  const file = join(t.testdir(), 'sluice.toml')
  writeFileSync(file, '[protocol]\npayload_bytes_max = "1KiB"\n')
  const daemon = await DaemonProcess.start(t, {}, file)
  const start = daemon.logs.find(({ msg }) => msg === 'listening') as unknown as { config: string }
  t.equal(await digestOf(daemon), start.config, 'the digest is told at the start')
  const client = await RawClient.open(daemon.url)
  await client.subscribe('a')
  client.publish('a', Buffer.alloc(2000))
  t.match(await client.sync(), { accepted: 0, refused: 1 })

  writeFileSync(
    file,
    '[protocol]\npayload_bytes_max = "4KiB"\n[router]\nslabs = 40\n[[slo]]\nname = "a"\ntopics = "a"\nthreshold = "1ms"\nobjective = 0.9\n',
  )
  daemon.signal('SIGHUP')
  await said(daemon, /^reload: changed: protocol\.payload_bytes_max$/)
  await said(daemon, /^reload: needs a restart: router\.slabs, slo\.a$/)
  const digest = await digestOf(daemon)
  t.not(digest, start.config)
  t.match(
    daemon.logs.find(({ msg }) => msg.startsWith('reload: changed')),
    { digest, before: start.config },
  )
  client.publish('a', Buffer.alloc(2000))
  t.match(await client.sync(), { accepted: 1, refused: 1 }, 'the connection that was there has the new limit')

  writeFileSync(
    file,
    '[protocol]\npayload_bytes_max = "1B"\n[router]\nslabs = 40\nslab = 1\n[outbox]\npolicy = "drop"\n',
  )
  daemon.signal('SIGHUP')
  await said(daemon, REFUSED)
  t.equal(linesOf(daemon, /sluice\.toml:5:1 router\.slab: unknown key; did you mean router\.slabs\?$/), 1)
  t.equal(linesOf(daemon, /sluice\.toml:7:10 outbox\.policy: expected one of /), 1, 'every problem, with its place')
  t.equal(await digestOf(daemon), digest)
  client.publish('a', Buffer.alloc(2000))
  t.match(await client.sync(), { accepted: 2, refused: 1 }, 'nothing of it is in force')
  const scraped = await daemon.scrape()
  t.equal(scraped.get('sluice_config_reloads_total', 'result', 'taken'), 1)
  t.equal(scraped.get('sluice_config_reloads_total', 'result', 'refused'), 1)
  t.ok(scraped.get('sluice_config_last_reload_success_timestamp_seconds') > 1e9)

  daemon.signal('SIGTERM')
  t.same(await daemon.exited, { code: 0, signal: null })
  t.match(await client.untilClosed(), { code: Code.SHUTTING_DOWN })
})

t.test('sluice reload and the admin port say what has come of it', async (t) => {
  const file = join(t.testdir(), 'sluice.toml')
  writeFileSync(file, '[log]\nlevel = "info"\n')
  const daemon = await DaemonProcess.start(t, {}, file)
  writeFileSync(file, '[log]\nlevel = "warn"\n[listen]\nidle_timeout = "60s"\n')
  const reload = () => Command.run(t, ['reload', '--admin', daemon.adminUrl])
  const first = await reload()
  t.equal(first.code, 0, first.stderr)
  t.match(first.lines, [
    /^changed: log\.level$/,
    /^needs a restart: listen\.idle_timeout$/,
    /^configuration [0-9a-f]{16}/,
  ])
  const again = await reload()
  t.match(again.lines, [/^nothing has changed/, /^needs a restart: listen\.idle_timeout$/, /^configuration /])
  writeFileSync(file, '[log]\nlevel = "wran"\n')
  const bad = await reload()
  t.equal(bad.code, 2)
  t.match(bad.stderr, /the configuration before stays in use.*sluice\.toml:2:9 log\.level: .*did you mean "warn"\?/s)
  const answer = await fetch(`${daemon.adminUrl}/reload`, { method: 'POST' })
  t.equal(answer.status, 422)
  t.match(await answer.json(), { status: 422, problems: [/log\.level/] })
})

t.test('signals that come while one is under way are not lost', async (t) => {
  const file = join(t.testdir(), 'sluice.toml')
  writeFileSync(file, '')
  const daemon = await DaemonProcess.start(t, {}, file)
  for (let n = 1; n <= 20; n++) {
    writeFileSync(file, `[outbox]\nevents_max = ${n}\n`)
    daemon.signal('SIGHUP')
  }
  await until('the last one is in force', async () => {
    const { digest } = (await (await fetch(`${daemon.adminUrl}/reload`, { method: 'POST' })).json()) as {
      digest: string
    }
    return digest === (await digestOf(daemon)) && linesOf(daemon, NOTHING) > 0
  })
  const check = await Command.run(t, [
    'check',
    file,
    '--listen.port',
    '0',
    '--http2.port',
    '0',
    '--https.port',
    '0',
    '--admin.port',
    '0',
  ])
  t.match(
    check.stdout,
    new RegExp(`configuration ${await digestOf(daemon)}`),
    'what check tells of the file is what runs',
  )
})

t.test(
  'SIGHUP takes up another certificate, and changes nothing at all where it cannot',
  { skip: opensslMissing },
  async (t) => {
    const files = makeCertificate(t)
    const daemon = await DaemonProcess.start(t, flagsFor(files, false))
    daemon.signal('SIGHUP')
    await said(daemon, NOTHING)
    const other = makeCertificate(t)
    replaceCertificate(files, { ...other, key: 'no key' })
    daemon.signal('SIGHUP')
    await said(daemon, /^reload: tls\.key: .+ holds no private key in PEM form$/)
    await said(daemon, REFUSED)
    replaceCertificate(files, other)
    daemon.signal('SIGHUP')
    await said(daemon, new RegExp(`^new certificate from .+: serial ${other.serial}, for localhost, 127\\.0\\.0\\.1, `))
    await said(daemon, NOTHING, 2)
    t.ok(daemon.isRunning)
    daemon.signal('SIGTERM')
    t.same(await daemon.exited, { code: 0, signal: null }, 'nothing of it keeps the process alive')
  },
)

t.test('a certificate that cannot be used is said before the daemon starts', { skip: opensslMissing }, async (t) => {
  const files = makeCertificate(t)
  const start = DaemonProcess.start(t, { ...flagsFor(files, true), 'tls.key': '/nonexistent/tls.key' })
  await t.rejects(start, { message: /exited with 1 .*sluice: tls\.key: there is no file \/nonexistent\/tls\.key/s })
})
