import fc from 'fast-check'
import t from 'tap'
import { formatBytes, guessDuration, guessSize, parseBytes, parseMs } from '../../src/config/units.js'

t.test('sizes', (t) => {
  const cases: [string, number | null][] = [
    ['0', 0],
    ['4096', 4096],
    ['4096B', 4096],
    ['64KiB', 65_536],
    ['1.5MiB', 1_572_864],
    ['2GiB', 2 ** 31],
    ['0.3B', null],
    ['9007199254740993', null],
    ['64KB', null],
    ['64kib', null],
    ['64 KiB', null],
    ['-1KiB', null],
    ['KiB', null],
    ['1.KiB', null],
    ['', null],
    ['1KiB\n', null],
  ]
  for (const [text, bytes] of cases) t.equal(parseBytes(text), bytes, JSON.stringify(text))
  t.end()
})

t.test('durations', (t) => {
  const cases: [string, number | null][] = [
    ['0', 0],
    ['0s', 0],
    ['500ms', 500],
    ['10s', 10_000],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['0.5ms', null],
    ['10', null],
    ['10 s', null],
    ['10sec', null],
    ['-1s', null],
    ['s', null],
    ['', null],
  ]
  for (const [text, ms] of cases) t.equal(parseMs(text), ms, JSON.stringify(text))
  t.end()
})

t.test('what is formatted is read back', (t) => {
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => parseBytes(formatBytes(bytes)) === bytes))
  t.equal(formatBytes(65_536), '64KiB')
  t.equal(formatBytes(1_572_864), '1536KiB')
  t.equal(formatBytes(1_000_000), '1000000B')
  t.equal(formatBytes(0), '0B')
  t.end()
})

t.test('what was meant', (t) => {
  const sizes: [string, string | null][] = [
    ['64KB', '64KiB'],
    ['64 kb', '64KiB'],
    ['1M', '1MiB'],
    ['1 megabytes', null],
    ['100 bytes', '100B'],
    ['2gib', '2GiB'],
    ['much', null],
  ]
  for (const [given, meant] of sizes) t.equal(guessSize(given), meant, given)
  const durations: [string, string | null][] = [
    ['10 sec', '10s'],
    ['10SECONDS', '10s'],
    ['5 min', '5m'],
    ['5millis', '5ms'],
    ['5msec', '5ms'],
    ['soon', null],
  ]
  for (const [given, meant] of durations) t.equal(guessDuration(given), meant, given)
  t.end()
})
