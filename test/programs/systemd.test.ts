import t from 'tap'
import { makeCertificate, opensslMissing } from '../helpers/certificates.js'
import { until } from '../helpers/until.js'
import { Machine, whyNoMachine } from './systemd.js'

const LONG = 'boots a machine and waits for its watchdog: set SLUICE_LONG=1, or SLUICE_LONG=systemd for this one alone'
const skip = (!['1', 'systemd'].includes(process.env.SLUICE_LONG ?? '') && LONG) || whyNoMachine()
/** WatchdogSec= of the unit, and what a slow machine needs to end a process and start one. */
const WATCHDOG_PATIENCE_MS = 10_000 + 20_000
const URL = 'ws://127.0.0.1:7400'
const CONFIG = '/etc/sluice/sluice.toml'

/**
 * Faults for the daemon's own process, of which the product has none: SIGUSR2 blocks the loop for a minute; after SIGWINCH the loop comes round, and the
 * router is never given its turn.
 */
const FAULTS = `
const { setImmediate } = globalThis
let isStill = false
globalThis.setImmediate = (...given) => (isStill ? undefined : setImmediate(...given))
process.on('SIGWINCH', () => { isStill = true })
process.on('SIGUSR2', () => { for (const end = Date.now() + 60_000; Date.now() < end; ); })
`
/** With it each end of the process leaves a line that says why. */
const DROP_IN = `
[Service]
Environment=NODE_OPTIONS=--import=/etc/sluice-test/faults.mjs
ExecStopPost=sh -c 'echo $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS >> /var/lib/sluice/ends'
`
/** A client that tells what happens to it, one line each. */
const SUBSCRIBER = `
import { connect } from '/usr/lib/sluice/dist/client/index.js'
const bus = await connect('${URL}', { onStatus: ({ type }) => console.log(type) })
const orders = bus.subscribe('orders.>')
await bus.sync()
console.log('subscribed')
for await (const { topic, value } of orders) console.log(topic, JSON.stringify(value))
`
/** Whether somebody answers, and what. */
const GET = `
const answer = await fetch(process.argv[1])
console.log(answer.status, await answer.text())
`

t.setTimeout(600_000)

t.test('under a real systemd', { skip }, async (t) => {
  const machine = await Machine.boot(t)
  const figure = (what: string, ms: number): void => t.comment(`${what}: ${(ms / 1000).toFixed(2)} s`)

  await t.test('installed as the documents say, twice', async (t) => {
    t.match(await machine.npm('install:systemd'), /systemctl enable --now sluice/)
    await machine.write(CONFIG, `# mine\n${await machine.ask('cat', CONFIG)}\n`)
    t.match(await machine.npm('install:systemd'), `leave ${CONFIG} as it is`)
    t.match(await machine.ask('head', '-1', CONFIG), '# mine')
    t.equal(await machine.ask('stat', '--format=%U %G %a', CONFIG), 'root sluice 640')
    t.match(await machine.ask('sluice', 'check', CONFIG), /^ok/)
  })

  await t.test('start returns when it listens', async (t) => {
    const startedAt = performance.now()
    await machine.ask('systemctl', 'start', 'sluice')
    figure('start', performance.now() - startedAt)
    const listening = await machine.ask('ss', '--listening', '--tcp', '--numeric', '--no-header')
    for (const port of [7400, 7401, 7402]) t.match(listening, new RegExp(`127\\.0\\.0\\.1:${port}\\b`))
    t.match(await machine.ask('node', '--input-type=module', '-e', GET, 'http://127.0.0.1:7402/readyz'), /^200 .*ready/)
  })

  await t.test('what it is allowed, and what works all the same', async (t) => {
    const pid = await machine.property('MainPID')
    const status = await machine.ask('cat', `/proc/${pid}/status`)
    t.match(status, /^Uid:\t(?!0\t)/m)
    t.match(status, /^CapBnd:\t0+$/m)
    t.match(status, /^NoNewPrivs:\t1$/m)
    t.match(status, /^Seccomp:\t2$/m)
    const threads = (await machine.ask('ps', '-L', '-o', 'ni=', '-p', pid)).split('\n').map(Number)
    t.equal(threads.filter((nice) => nice === 10).length, 1, 'the observer thread is the less urgent one')
    const log = await machine.ask('journalctl', '--unit=sluice', '--output=cat', '--priority=warning')
    t.notMatch(log, /socket buffers/, 'the helper process has bounded them')
    t.equal(log, '', 'and nothing else is worth a warning')
    const score = await machine.ask('systemd-analyze', 'security', 'sluice')
    const exposure = Number(/Overall exposure level for sluice.service: ([\d.]+)/.exec(score)?.[1])
    t.comment(`exposure: ${exposure}`)
    t.ok(exposure <= 1.2)
  })

  const subscriber = machine.start(['node', '--input-type=module', '-e', SUBSCRIBER])
  await t.test('events go through, and the status says how many', async (t) => {
    await until('subscribed', () => subscriber.lines.includes('subscribed') || !subscriber.isRunning)
    t.equal((await machine.run(['sluice', 'pub', 'orders.eu', '{"id":1}'])).code, 0)
    await until('the event', () => subscriber.lines.includes('orders.eu {"id":1}') || !subscriber.isRunning)
    t.ok(subscriber.isRunning, subscriber.stderr)
    const says = /^taking [\d,]+ events\/s, 1 connection\b/
    await until('the status has figures', async () => says.test(await machine.property('StatusText')))
  })

  await t.test('reload', async (t) => {
    const pid = await machine.property('MainPID')
    const config = await machine.ask('cat', CONFIG)
    await machine.write(CONFIG, config.replace('goaway_spread = "5s"', 'goaway_spread = "1s"'))
    await machine.ask('systemctl', 'reload', 'sluice')
    t.equal(await machine.property('ActiveState'), 'active', 'it waits for the end of it')
    const status = await machine.property('StatusText')
    t.match(status, /configuration \w+: 1 changed at \d\d:\d\d:\d\d UTC/)

    await machine.write(CONFIG, `${config}\n[listen\n`)
    const refused = await machine.run(['systemctl', 'reload', 'sluice'])
    t.not(refused.code, 0, 'a configuration that is not good is not taken up')
    t.match(await machine.ask('journalctl', '--unit=sluice', '--output=cat'), /not ok/)
    t.equal(await machine.property('StatusText').then(digest), digest(status))

    await machine.ask('kill', '-HUP', pid)
    const errors = ['journalctl', '--unit=sluice', '--output=cat', '--priority=err']
    await until('the daemon itself refuses it', async () => /reload: refused/.test(await machine.ask(...errors)))
    t.equal(await machine.property('MainPID'), pid)
    t.ok(subscriber.isRunning)
    t.notOk(subscriber.lines.includes('reconnecting'), 'nobody has noticed')
    await machine.write(CONFIG, config)
  })

  await t.test('a process that is stopped is restarted by the watchdog', async (t) => {
    const pid = await machine.property('MainPID')
    await machine.ask('kill', '-STOP', pid)
    figure('restarted after SIGSTOP', await machine.untilRestarted(pid, WATCHDOG_PATIENCE_MS))
    await until('the client is back', () => subscriber.lines.filter((line) => line === 'connected').length >= 2)
    t.match(await machine.ask('journalctl', '--unit=sluice', '--output=cat'), /Watchdog timeout \(limit 10s\)/)
  })

  await machine.write('/etc/sluice-test/faults.mjs', FAULTS)
  await machine.write('/etc/systemd/system/sluice.service.d/faults.conf', DROP_IN)
  await machine.ask('systemctl', 'daemon-reload')
  for (const [what, signal, livez] of [
    ['a loop that is blocked', 'USR2', /^503 .*the routing thread stands still/],
    [
      'a router that stands still while the loop comes round',
      'WINCH',
      /^503 .*nothing is routed: the event loop comes/,
    ],
  ] as const) {
    await t.test(`${what} is restarted by the watchdog`, async (t) => {
      await machine.ask('systemctl', 'restart', 'sluice')
      const pid = await machine.property('MainPID')
      await machine.ask('kill', `-${signal}`, pid)
      const restarted = machine.untilRestarted(pid, WATCHDOG_PATIENCE_MS)
      const look = ['node', '--input-type=module', '-e', GET, 'http://127.0.0.1:7402/livez']
      await until('the observer thread tells of it', async () => livez.test((await machine.run(look)).stdout))
      figure(`restarted after ${what}`, await restarted)
      t.equal(await lastEnd(machine), 'watchdog killed ABRT')
    })
  }

  await t.test('kill -9', async (t) => {
    const pid = await machine.property('MainPID')
    await machine.ask('kill', '-9', pid)
    figure('restarted after kill -9', await machine.untilRestarted(pid, WATCHDOG_PATIENCE_MS))
    t.equal(await lastEnd(machine), 'signal killed KILL')
  })

  await t.test('stop drains', async (t) => {
    const connects = (): number => subscriber.lines.filter((line) => line === 'connected').length
    const before = connects()
    await machine.ask('systemctl', 'restart', 'sluice')
    await until('the client is back', () => connects() > before)
    const goodbyes = subscriber.lines.filter((line) => line === 'goaway').length
    const startedAt = performance.now()
    await machine.ask('systemctl', 'stop', 'sluice')
    figure('stop', performance.now() - startedAt)
    t.equal(subscriber.lines.filter((line) => line === 'goaway').length, goodbyes + 1)
    t.equal(await lastEnd(machine), 'success exited 0')
    t.equal(await machine.property('ActiveState'), 'inactive')
  })

  await t.test('what is drained stays away', async (t) => {
    await machine.ask('systemctl', 'start', 'sluice')
    await machine.ask('sluice', 'drain', '--wait')
    await until('it has ended', async () => (await machine.property('ActiveState')) === 'inactive')
    t.equal(await lastEnd(machine), 'success exited 0')
  })

  await t.test('a key that only root can read', { skip: opensslMissing }, async (t) => {
    const { certificate, key } = makeCertificate(t)
    await machine.write('/etc/sluice/cert.pem', certificate)
    await machine.write('/etc/ssl/private/sluice.key', key)
    await machine.ask('chmod', '600', '/etc/ssl/private/sluice.key')
    const tls = ['certificate = "/etc/sluice/cert.pem"', 'key = "/run/credentials/sluice.service/tls.key"']
    const config = await machine.ask('cat', CONFIG)
    await machine.write(CONFIG, config.replace('certificate = ""', tls[0]).replace(/^key = ""$/m, tls[1]))
    const credential = '[Service]\nLoadCredential=tls.key:/etc/ssl/private/sluice.key\n'
    await machine.write('/etc/systemd/system/sluice.service.d/tls.conf', credential)
    await machine.ask('systemctl', 'daemon-reload')
    await machine.ask('systemctl', 'start', 'sluice')
    t.match(await machine.ask('ss', '--listening', '--tcp', '--numeric', '--no-header'), /127\.0\.0\.1:7443\b/)
    const state = await machine.ask('stat', '--format=%U %a %n', '/var/lib/sluice', '/var/lib/sluice/ticket.key')
    t.equal(state, 'sluice 700 /var/lib/sluice\nsluice 600 /var/lib/sluice/ticket.key')
    await machine.ask('systemctl', 'stop', 'sluice')
    t.equal(await lastEnd(machine), 'success exited 0')
  })

  await t.test('the journal can be read', async (t) => {
    const all = await machine.ask('journalctl', '--unit=sluice', '--output=cat')
    const lines = all.split('\n').filter((line) => line.startsWith('{'))
    const logs = lines.map((line) => JSON.parse(line) as { msg: string })
    for (const said of ['listening', 'draining', 'stopped']) t.ok(logs.some(({ msg }) => msg === said))
    const identifiers = await machine.ask(
      'journalctl',
      '--unit=sluice',
      '--output=json',
      '--output-fields=SYSLOG_IDENTIFIER',
    )
    t.match(identifiers, '"SYSLOG_IDENTIFIER":"sluice"')
  })

  await t.test('taken away again', async (t) => {
    await machine.npm('install:systemd', '--uninstall')
    t.not((await machine.run(['systemctl', 'cat', 'sluice'])).code, 0)
    t.match(await machine.ask('ls', '/etc/sluice', '/var/lib/sluice'), 'sluice.toml')
    t.equal((await machine.run(['ls', '/usr/lib/sluice'])).stdout, '')
  })
})

function digest(status: string): string | undefined {
  return /configuration (\w+)/.exec(status)?.[1]
}

/** Result of the service, and how its process has ended. */
async function lastEnd(machine: Machine): Promise<string | undefined> {
  return (await machine.ask('cat', '/var/lib/sluice/ends')).split('\n').at(-1)
}
