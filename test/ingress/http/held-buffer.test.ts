import t from 'tap'
import { Budget } from '../../../src/core/budget.js'
import { HeldBuffer } from '../../../src/ingress/http/held-buffer.js'
import { Code } from '../../../src/protocol/codes.js'
import { eventFrame, readFrames } from '../../helpers/core-frames.js'
import { ApiHarness } from '../../helpers/http-api.js'
import type { TestExchange } from '../../helpers/http-exchange.js'
import { isProblem } from '../../helpers/http-problem.js'

t.test('a buffer holds what was appended, within what all may hold', async (t) => {
  const held = new Budget(10_000)
  const one = new HeldBuffer(held)
  const two = new HeldBuffer(held)
  const bytes = Buffer.from('abcdefghij'.repeat(100))
  t.ok(one.append(bytes, 0, 10))
  t.ok(one.append(bytes, 10, 1000))
  t.ok(bytes.equals(one.bytes))
  t.ok(two.append(bytes, 0, 1000))
  t.ok(two.append(bytes, 0, 1000))
  t.notOk(one.append(Buffer.alloc(5000), 0, 5000), 'there is no room')
  t.ok(bytes.equals(one.bytes), 'and nothing was taken')
  t.ok(held.used <= 10_000)
  two.free()
  t.ok(one.append(Buffer.alloc(3000), 0, 3000))
  one.clear()
  t.equal(one.length, 0)
  t.equal(held.used, 0, 'a large one is given back when it is empty')
  one.append(bytes, 0, 5)
  one.clear()
  t.ok(held.used > 0, 'a small one is not')
  one.free()
  one.free()
  t.equal(held.used, 0)
})

t.test('many unfinished bodies are refused before they take all memory', async (t) => {
  const half = eventFrame('a', 'x'.repeat(30_000)).subarray(0, 20_000)
  const kinds: [string, Record<string, string>, string | Uint8Array, boolean][] = [
    ['/v1/topics/a', { 'content-type': 'application/json' }, `"${'x'.repeat(20_000)}`, false],
    ['/v1/topics/a', { 'content-type': 'image/png' }, Buffer.alloc(20_000), false],
    ['/v1/topics/a', { 'content-type': 'application/x-ndjson' }, `"${'x'.repeat(20_000)}`, false],
    ['/v1/events', { 'content-type': 'application/x-ndjson' }, `["event","a",3,"${'x'.repeat(20_000)}`, false],
    ['/v1/events', { 'content-type': 'application/vnd.sluice.frames' }, half, false],
    [
      '/v1/events',
      { 'content-type': 'application/vnd.sluice.frames', accept: 'application/vnd.sluice.frames' },
      half,
      true,
    ],
  ]
  for (const [target, headers, part, isDuplex] of kinds) {
    const api = new ApiHarness({}, { memoryBudgetBytes: 1 << 20 })
    const open: TestExchange[] = []
    for (let i = 0; i < 20; i++) {
      open.push(api.open({ method: 'POST', target, headers, isDuplex }))
      // Cut so that it has to be kept.
      open[i].chunk(part.slice(0, 10)).chunk(part.slice(10))
    }
    t.ok(api.api.held.used <= 1 << 18)
    const refused = open.filter(({ ended }) => ended)
    t.ok(refused.length > 5 && refused.length < 20, `${refused.length} of 20 refused`)
    for (const exchange of refused) {
      if (isDuplex) t.match(readFrames(exchange.take()).at(-1), { code: Code.OVERLOADED })
      else isProblem(t, exchange, Code.OVERLOADED)
    }
    for (const exchange of open) if (!exchange.ended) exchange.cut()
    t.equal(api.api.held.used, 0, 'all is given back')
    t.equal(api.api.requests.size, 0)
    t.equal(api.core.router.sessions.size, 1)
    t.equal(api.post('/v1/topics/a', { 'content-type': 'application/json' }, '1').status, 202)
    t.equal(api.api.held.used, 0)
  }
})
