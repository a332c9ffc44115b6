import t from 'tap'
import { count, quantity, tickText } from '../../bench/report/quantity.js'

t.test('three digits that count, in the unit that fits', async (t) => {
  const cases: [number, string, string][] = [
    [12_345_678, '/s', '12.3 M/s'],
    [999, '/s', '999 /s'],
    [72_600, '/s', '72.6 k/s'],
    [21.44, 'µs', '21.4 µs'],
    [9_999, 'µs', '9999 µs'],
    [12_000, 'µs', '12.0 ms'],
    [12_000_000, 'µs', '12.0 s'],
    [145, 'B', '145 B'],
    [20_480, 'B', '20.0 KiB'],
    [104_857_600, 'B', '100 MiB'],
    [95.04, '%', '95.0 %'],
    [512, 'MB/s', '512 MB/s'],
  ]
  for (const [value, unit, text] of cases) t.equal(quantity(value, unit), text)
  t.same([999, 12_345, 12_345_678].map(count), ['999', '12.3 k', '12.3 M'])
})

t.test('round numbers at an axis', async (t) => {
  const cases: [number, string, string][] = [
    [0, '/s', '0'],
    [15e6, '/s', '15 M/s'],
    [2.5e6, '/s', '2.5 M/s'],
    [100, 'µs', '100 µs'],
    [5000, 'µs', '5 ms'],
    [2e6, 'µs', '2 s'],
    [0.5, 'µs', '0.5 µs'],
    [80e6, 'B', '80 MB'],
  ]
  for (const [value, unit, text] of cases) t.equal(tickText(value, unit), text)
})
