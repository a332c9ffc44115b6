import fc from 'fast-check'
import t from 'tap'
import { laneOfPriority } from '../../../src/ingress/http/priority.js'

t.test('the urgency is the lane', async (t) => {
  for (let lane = 0; lane < 8; lane++) {
    for (const field of [
      `u=${lane}`,
      `u=${lane}, i`,
      `i, u=${lane}`,
      ` u=${lane} `,
      `u=${lane}\t,\ti=?0`,
      `u=0${lane}`,
    ]) {
      t.equal(laneOfPriority(field), lane, field)
    }
  }
  const well: [string, number][] = [
    ['u=1;x', 1],
    ['u=1;x=2; y="a,b"', 1],
    ['u=5, u=2', 2],
    ['a=(1 2 "x";q=1);z, u=6', 6],
    ['a=(), u=6', 6],
    ['a="\\"\\\\, u=1", u=2', 2],
    ['a=:aGk=:, b=?1, c=1.5, d=tok/en:x, e=@1659578233, *k=-3, u=4', 4],
    ['u=-0', 0],
    ['i', 3],
    ['', 3],
    ['   ', 3],
  ]
  for (const [field, lane] of well) t.equal(laneOfPriority(field), lane, field)
  t.ok(Object.is(laneOfPriority('u=-0'), 0))
})

t.test('what is out of range, of another type, or malformed is ignored', async (t) => {
  const ignored = [
    ...['u=8', 'u=-1', 'u=10', 'u=1.0', 'u="1"', 'u=a', 'u', 'u=?1', 'u=(1)', 'u=1, u=9', 'u=1, u', 'U=1', 'v=1'],
    ...[
      'u=1,',
      ',u=1',
      'u=1,,i',
      'u =1',
      'u= 1',
      'u=1 i',
      'u=1;',
      'u=1;;a',
      'u=',
      '=1',
      'u=1, a="x',
      'u=1, A=1',
      'u=1\n',
    ],
    ...['u=1, a=(1', 'u=1, a=1)', 'u=1, a=1234567890123456', 'u=1, a=1.2345', 'u=1, a="é"', 'u=1 ;a', 'urgent', 'u:1'],
    `u=1, a="${'x'.repeat(300)}"`,
  ]
  for (const field of ignored) t.equal(laneOfPriority(field), 3, field)
})

t.test('anything gives a lane, and soon', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('u', '=', '1', '(', ')', '"', ';', ' ', ',', 'a', '\\', ':', '?', '.', '-', '*')),
      (parts) => {
        const lane = laneOfPriority(parts.join(''))
        return Number.isInteger(lane) && lane >= 0 && lane < 8
      },
    ),
    { numRuns: 5000 },
  )
})
