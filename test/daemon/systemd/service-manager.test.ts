import t, { type Test } from 'tap'
import { type Probe, ServiceManager } from '../../../src/daemon/systemd/service-manager.js'
import { NotifyListener } from '../../helpers/notify-listener.js'
import { until } from '../../helpers/until.js'

/** A service manager that reads the environment given, closed at the end of the test, and what it warned of. */
async function managerOf(
  t: Test,
  env: NodeJS.ProcessEnv,
): Promise<{ manager: ServiceManager; warnings: string[]; env: NodeJS.ProcessEnv }> {
  const warnings: string[] = []
  const manager = await ServiceManager.from(env, (sentence) => warnings.push(sentence))
  t.teardown(() => manager.close())
  return { manager, warnings, env }
}

t.test('nobody wants to be told: nothing is sent, and nothing is probed', async (t) => {
  const { manager, warnings } = await managerOf(t, { WATCHDOG_USEC: '1000' })
  t.notOk(manager.isListening)
  manager.ready()
  manager.reloading()
  manager.reloadDone('nothing')
  manager.watch(() => t.fail('probed'))
  manager.stopping(1000)
  t.same(warnings, [])
})

for (const [where, listen] of [
  ['a path', NotifyListener.atPath],
  ['a name in the abstract namespace', NotifyListener.abstract],
] as const) {
  t.test(`a start, a reload and a stop, told at ${where}`, async (t) => {
    const listener = listen(t)
    const { manager, warnings, env } = await managerOf(t, { NOTIFY_SOCKET: listener.address, LANG: 'C' })
    t.same(env, { LANG: 'C' }, 'children inherit none of it')
    const before = process.hrtime.bigint() / 1000n
    manager.ready()
    manager.status('taking 3 events/s')
    manager.reloading()
    manager.reloadDone('read again')
    manager.status('taking 4 events/s')
    manager.stopping(10_000)
    await until('all of it', () => listener.heard.length >= 6)
    const [ready, status, reloading, reloaded, later, stopping] = listener.heard
    t.same(ready, ['READY=1', 'STATUS=listening'])
    t.same(status, ['STATUS=taking 3 events/s'])
    t.equal(reloading[0], 'RELOADING=1')
    const [, at] = /^MONOTONIC_USEC=(\d+)$/.exec(reloading[1]) ?? []
    t.ok(BigInt(at) >= before && BigInt(at) <= process.hrtime.bigint() / 1000n, 'of the clock that systemd reads')
    t.equal(reloaded[0], 'READY=1')
    t.match(reloaded[1], /^STATUS=taking 3 events\/s; read again at \d\d:\d\d:\d\d UTC$/)
    t.match(later[0], /^STATUS=taking 4 events\/s; read again at /)
    t.same(stopping.slice(0, 2), ['STOPPING=1', 'EXTEND_TIMEOUT_USEC=15000000'])
    t.same(warnings, [])
  })
}

t.test('a sign of life for each probe that comes out, and for nothing else', async (t) => {
  const listener = NotifyListener.atPath(t)
  const { manager } = await managerOf(t, {
    NOTIFY_SOCKET: listener.address,
    WATCHDOG_USEC: '40000',
    WATCHDOG_PID: String(process.pid),
  })
  const underWay: Parameters<Probe>[0][] = []
  let isStuck = false
  manager.watch((onArrival) => {
    if (isStuck) underWay.push(onArrival)
    else onArrival()
  })
  await until('some signs', () => listener.having('WATCHDOG=1').length >= 3)
  isStuck = true
  // What was sent before is read first: from here on nothing but the mark may come.
  manager.status('mark')
  await until('the mark', () => listener.status === 'mark')
  const signs = listener.having('WATCHDOG=1').length
  await until('timers have come round, with probes that do not come out', () => underWay.length >= 5)
  manager.status('second mark')
  await until('the second mark', () => listener.status === 'second mark')
  t.equal(listener.having('WATCHDOG=1').length, signs, 'a router that stands still gives none')
  underWay[0]()
  await until('it goes on', () => listener.having('WATCHDOG=1').length === signs + 1)
})

t.test('the watchdog of another process is not ours', async (t) => {
  const listener = NotifyListener.atPath(t)
  const { manager } = await managerOf(t, { NOTIFY_SOCKET: listener.address, WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' })
  manager.watch(() => t.fail('probed'))
  manager.ready()
  await until('ready', () => listener.having('READY=1').length === 1)
  t.equal(listener.heard.length, 1)
})

t.test('what cannot be understood is said, and is no reason not to run', async (t) => {
  const vsock = await managerOf(t, { NOTIFY_SOCKET: 'vsock:2:1234' })
  t.notOk(vsock.manager.isListening)
  t.match(vsock.warnings, [/NOTIFY_SOCKET is "vsock:2:1234"/])

  const listener = NotifyListener.atPath(t)
  const odd = await managerOf(t, { NOTIFY_SOCKET: listener.address, WATCHDOG_USEC: 'soon' })
  odd.manager.watch(() => t.fail('probed'))
  t.match(odd.warnings, [/WATCHDOG_USEC is "soon"/])
})

t.test('a socket that nobody reads is told in a few lines, not in one every few seconds', async (t) => {
  const { manager, warnings } = await managerOf(t, { NOTIFY_SOCKET: '/nonexistent/notify' })
  for (let times = 0; times < 10; times++) manager.ready()
  t.equal(warnings.length, 3)
  t.match(warnings[0], /systemd could not be told: .*[Nn]o such file/)
})
