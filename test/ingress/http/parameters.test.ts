import t from 'tap'
import { badParameter, type Parameters, readParameters } from '../../../src/ingress/http/parameters.js'
import { Problem } from '../../../src/ingress/http/problem.js'
import { Code } from '../../../src/protocol/codes.js'

const NAMES = { single: ['policy', 'bytes_max'], repeated: ['topic'] }

function read(query: string): Parameters {
  const parameters = readParameters(query, NAMES)
  if (parameters instanceof Problem) throw new Error(parameters.detail)
  return parameters
}

t.test('values are decoded as a form is', async (t) => {
  t.strictSame(read('topic=a&topic=b&policy=conflate').all('topic'), ['a', 'b'])
  t.strictSame(read('topic=orders.%3E').all('topic'), ['orders.>'])
  t.strictSame(read('topic=a%2Bb&topic=a+b').all('topic'), ['a+b', 'a b'])
  t.strictSame(read('topic=%E2%82%AC&topic=a=b').all('topic'), ['€', 'a=b'])
  t.strictSame(read('top%69c=a').all('topic'), ['a'])
  t.strictSame(read('&&topic=&topic&').all('topic'), ['', ''])
  t.strictSame(read('').all('topic'), [])
  t.equal(read('').one('policy'), null)
  t.equal(read('policy=').one('policy'), '')
})

t.test('what is wrong is said', async (t) => {
  const cases: [string, Code, RegExp][] = [
    ['topics=a', Code.UNKNOWN_PARAMETER, /"topics", did you mean topic\?; known are policy, bytes_max, topic$/],
    ['bytesMax=1', Code.UNKNOWN_PARAMETER, /did you mean bytes_max\?/],
    ['TOPIC=a', Code.UNKNOWN_PARAMETER, /did you mean topic\?/],
    ['zzzzzzzz=1', Code.UNKNOWN_PARAMETER, /"zzzzzzzz"; known/],
    ['__proto__=1', Code.UNKNOWN_PARAMETER, /__proto__/],
    ['=1', Code.UNKNOWN_PARAMETER, /""/],
    ['policy=a&policy=b', Code.BAD_PARAMETER, /policy may be given once/],
    ['policy=&policy=', Code.BAD_PARAMETER, /policy may be given once/],
    ['topic=%', Code.BAD_PARAMETER, /percent-encoded/],
    ['topic=%f', Code.BAD_PARAMETER, /percent-encoded/],
    ['topic=%gg', Code.BAD_PARAMETER, /percent-encoded/],
    ['topic=%ff', Code.BAD_PARAMETER, /percent-encoded/],
    ['topic=%ed%a0%80', Code.BAD_PARAMETER, /percent-encoded/],
    ['%ff=a', Code.BAD_PARAMETER, /percent-encoded/],
    ['topic=é', Code.BAD_PARAMETER, /percent-encoded/],
    ['topic=a b', Code.BAD_PARAMETER, /percent-encoded/],
  ]
  for (const [query, code, detail] of cases) {
    const problem = readParameters(query, NAMES)
    t.ok(problem instanceof Problem, query)
    if (!(problem instanceof Problem)) continue
    t.equal(problem.code, code, query)
    t.match(problem.detail, detail)
  }
  const long = readParameters(`${'x'.repeat(5000)}=1`, NAMES)
  t.ok(long instanceof Problem && long.body.length < 1000, 'what is repeated is bounded')
  t.ok(badParameter('x'.repeat(5000), 'is bad').body.length < 1000, 'so is a name')
  const nothing = readParameters('a=1', { single: [], repeated: [] })
  t.ok(nothing instanceof Problem && /there is no parameter here/.test(nothing.detail))
})

t.test('numbers and words', async (t) => {
  const number = (text: string) => read(`bytes_max=${text}`).integer('bytes_max', 1, 100)
  t.equal(number('1'), 1)
  t.equal(number('100'), 100)
  t.equal(number('007'), 7)
  t.equal(read('').integer('bytes_max', 1, 100), null)
  for (const bad of ['0', '101', '-1', '1.0', '1e1', '', '%201', 'NaN', '99999999999999999999']) {
    const problem = number(bad)
    t.ok(problem instanceof Problem && problem.code === Code.BAD_PARAMETER, bad)
    t.match(problem, { detail: /^bytes_max is an integer from 1 to 100, not / })
  }
  const choice = (text: string) => read(`policy=${text}`).choice('policy', ['conflate', 'disconnect'])
  t.equal(choice('conflate'), 'conflate')
  t.equal(read('').choice('policy', ['conflate']), null)
  t.match(choice('conflat'), {
    code: Code.BAD_PARAMETER,
    detail: /one of conflate, disconnect.*did you mean conflate\?/,
  })
  t.match(choice('toString'), { code: Code.BAD_PARAMETER })
})
