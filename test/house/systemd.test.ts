import { spawnSync } from 'node:child_process'
import t from 'tap'
import { DEFAULTS } from '../../src/config/index.js'
import { connectionsWithin } from '../../src/daemon/descriptors.js'
import { drainMsMax } from '../../src/daemon/drain.js'
import { missing } from '../programs/programs.js'
import { ROOT, textOf } from './files.js'

const UNIT = 'systemd/sluice.service'
/** nats-server's hardened unit has 1.7. */
const EXPOSURE_MAX = 1.2
const noSystemd = missing('systemd-analyze', 'systemd')

const text = textOf(UNIT)
const settings = new Map<string, string[]>()
for (const [, name, value] of text.matchAll(/^([A-Z]\w+)=(.*)$/gm)) {
  settings.set(name, [...(settings.get(name) ?? []), value])
}

/** The value of a setting that stands there once. */
function only(name: string): string {
  const values = settings.get(name) ?? []
  if (values.length !== 1) throw new Error(`${name}= stands there ${values.length} times`)
  return values[0]
}

/** Milliseconds of a time span as the unit writes them. */
function ms(name: string): number {
  const [, digits, unit] = /^(\d+)(ms|s|min)$/.exec(only(name)) ?? []
  return Number(digits) * { ms: 1, s: 1000, min: 60_000 }[unit as 'ms' | 's' | 'min']
}

function analyze(...words: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', words, { cwd: ROOT, encoding: 'utf8' })
  return { code: status, output: `${stdout}${stderr}` }
}

t.test('the limits of the unit go with the defaults of the daemon', async (t) => {
  const { drainTimeoutMs: timeoutMs, goawaySpreadMs: spreadMs } = DEFAULTS.shutdown
  for (const isHandover of [false, true]) t.ok(ms('TimeoutStopSec') > drainMsMax({ timeoutMs, spreadMs, isHandover }))
  const { connectionsMax } = DEFAULTS.listen
  const tooMany = (sentence: string): unknown => t.fail(sentence)
  t.equal(connectionsWithin(connectionsMax, Number(only('LimitNOFILE')), tooMany), connectionsMax)
  t.ok(ms('WatchdogSec') >= 5000, 'longer than any pause of a loop that is well')
})

t.test('the unit tells systemd what it needs to know', async (t) => {
  t.equal(only('Type'), 'notify')
  t.equal(only('NotifyAccess'), 'main')
  t.match(only('ExecStartPre'), / check \/etc\/sluice\/sluice.toml$/)
  t.match(settings.get('ExecReload')?.join('\n'), /check .*\nkill -HUP \$MAINPID/s)
  t.equal(only('Restart'), 'on-failure', 'what has drained by itself stays away')
  for (const hint of [
    '#CPUAffinity=',
    '#LoadCredential=tls.key:',
    '#LoadCredential=jwt.secret:',
    'MemoryDenyWriteExecute',
  ]) {
    t.match(text, hint)
  }
})

t.test('systemd finds nothing wrong with it', { skip: noSystemd }, async (t) => {
  const { output } = analyze('verify', '--man=no', UNIT)
  // Where this machine has its node is no business of the unit; its installer looks at that.
  const wrong = output.split('\n').filter((line) => /sluice/.test(line) && !/node is not executable/.test(line))
  t.same(wrong, [])
})

t.test('little of the machine is exposed to it', { skip: noSystemd }, async (t) => {
  const { code, output } = analyze('security', '--offline=true', UNIT)
  t.equal(code, 0, 'systemd 250 or later looks at files')
  t.ok(Number(/exposure level for sluice.service: ([\d.]+)/.exec(output)?.[1]) <= EXPOSURE_MAX)
})
