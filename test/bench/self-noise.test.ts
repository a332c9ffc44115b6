import t from 'tap'
import type { Row } from '../../bench/report/row.js'
import { selfNoiseIn, selfNoiseText } from '../../bench/report/self-noise.js'
import { sampleRow } from '../helpers/bench-report.js'

function withRuns(subject: Row['subject'], figures: { [name: string]: number[] }): Row {
  const row = sampleRow('s', subject, {}, { variant: 'v' })
  return {
    ...row,
    figures: Object.fromEntries(Object.entries(figures).map(([name, runs]) => [name, { median: 0, runs }])),
  }
}

t.test('the same daemon differs from itself run by run', async (t) => {
  const rows = [withRuns('sluice', { rate: [100, 200, 400] }), withRuns('sluice-again', { rate: [110, 190, 400] })]
  const [noise] = selfNoiseIn('s', rows)
  t.match(
    { ...noise, differences: noise.differences.map((share) => share.toFixed(3)) },
    {
      scenario: 's',
      variant: 'v',
      figure: 'rate',
      differences: ['0.100', '-0.050', '0.000'],
    },
  )
  t.equal(
    selfNoiseText(noise),
    'v, rate: the same daemon differs from itself by +0.0 % in the median of 3, −5.0 % to +10.0 %',
  )
})

t.test('what was paced is compared by latency, and what failed is not compared', async (t) => {
  const paced = { rate: [5], p99: [100] }
  const rows = [withRuns('sluice', paced), withRuns('sluice-again', paced)]
  t.same(
    selfNoiseIn('s', rows).map(({ figure }) => figure),
    ['p99'],
  )
  t.same(selfNoiseIn('s', [withRuns('sluice', { rate: [1, 2] }), withRuns('sluice-again', { rate: [1] })]), [])
  t.same(selfNoiseIn('s', [withRuns('sluice', { rate: [1] })]), [])
})
