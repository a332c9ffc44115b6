import tap from 'tap'
import { UsageError } from '../../src/cli/command.js'
import { grouped, perSecond, plural, seconds } from '../../src/cli/numbers.js'
import { parseCount, parseDurationMs, parseLane, parseRate, parseSize } from '../../src/cli/units.js'

type Parse = (option: string, text: string) => number

function refuses(t: { throws: typeof tap.throws }, parse: Parse, texts: readonly string[]): void {
  for (const text of texts) t.throws(() => parse('--x', text), UsageError, `${parse.name} of "${text}"`)
}

tap.test('numbers', async (t) => {
  t.equal(parseCount('--x', '10'), 10)
  t.equal(parseCount('--x', '1_000_000'), 1_000_000)
  refuses(t, parseCount, ['', '0', '-1', '1.5', '1e3', 'ten', '99999999999999999999'])
  t.equal(parseRate('--x', '0.5'), 0.5)
  refuses(t, parseRate, ['', '0', '-1', '1e3', 'Infinity', '1/s'])
  t.equal(parseLane('--x', '0'), 0)
  t.equal(parseLane('--x', '7'), 7)
  refuses(t, parseLane, ['', '8', '-1', '10', 'high'])
})

tap.test('times and sizes say their unit', async (t) => {
  t.equal(parseDurationMs('--x', '500ms'), 500)
  t.equal(parseDurationMs('--x', '1.5s'), 1500)
  t.equal(parseDurationMs('--x', '2h'), 7_200_000)
  refuses(t, parseDurationMs, ['', '0', '5', '-5s', '0.1ms', 'soon'])
  t.throws(() => parseDurationMs('--ttl', '5'), { message: /say 5ms or 5s$/ })
  t.throws(() => parseDurationMs('--ttl', '5 sec'), { message: /say 5s$/ })
  t.equal(parseSize('--x', '4096'), 4096)
  t.equal(parseSize('--x', '256KiB'), 262_144)
  refuses(t, parseSize, ['', '0', '-1', 'much'])
  t.throws(() => parseSize('--x', '64kb'), { message: /say 64KiB$/ })
})

tap.test('numbers for people', async (t) => {
  t.equal(grouped(1_234_567), '1,234,567')
  t.equal(grouped(999), '999')
  t.equal(plural(1, 'event'), '1 event')
  t.equal(plural(2000, 'event'), '2,000 events')
  t.equal(seconds(999), '999 ms')
  t.equal(seconds(1500), '1.50 s')
  t.equal(seconds(12_345), '12.3 s')
  t.equal(perSecond(10, 4000), '2.5 events/s')
  t.equal(perSecond(10_000, 1000), '10,000 events/s')
  t.equal(perSecond(0, 0), '0 events/s')
})
