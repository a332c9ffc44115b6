import t from 'tap'
import { Budget } from '../../src/core/budget.js'
import { PagePool } from '../../src/core/pages.js'
import { RunPool } from '../../src/core/run.js'
import { POISON } from '../../src/core/slabs.js'

t.test('runs are used again and counted', async (t) => {
  const runs = new RunPool()
  const one = runs.acquire()
  const two = runs.acquire()
  t.not(one, two)
  t.equal(runs.held, 2)
  runs.release(one)
  t.equal(runs.held, 1)
  t.equal(runs.acquire(), one)
  runs.release(one)
  runs.release(two)
  t.equal(runs.held, 0)
  t.throws(() => runs.release(two), { name: 'AssertionFailed' }, 'released once')
  t.equal(two.list, null, 'a run in the pool keeps nothing alive')
})

t.test('pages grow by steps and are used again by size', async (t) => {
  const pages = new PagePool(true)
  t.equal(pages.sizeFor(1, 0), 2 << 10)
  t.equal(pages.sizeFor(1, 2 << 10), 8 << 10, 'the next step after the previous')
  t.equal(pages.sizeFor(9 << 10, 0), 32 << 10, 'but what is asked for fits')
  t.equal(pages.sizeFor(1, 64 << 10), 64 << 10)
  t.equal(pages.sizeFor(100_000, 0), 100_000, 'a page for one large event has its size')
  const page = pages.acquire(2 << 10)
  page.bytes.fill(7)
  page.end = 10
  pages.release(page)
  t.ok(
    page.bytes.every((byte) => byte === POISON),
    'poisoned',
  )
  t.throws(() => pages.release(page), { name: 'AssertionFailed' })
  const again = pages.acquire(2 << 10)
  t.equal(again, page)
  t.same([again.start, again.end, again.held], [0, 0, true])
  t.not(pages.acquire(8 << 10), page)
  t.equal(pages.held, 2)
})

t.test('free pages are kept within a bound', async (t) => {
  const pages = new PagePool(false)
  const size = 64 << 10
  const taken = Array.from({ length: 300 }, () => pages.acquire(size))
  for (const page of taken) pages.release(page)
  t.equal(pages.held, 0)
  const known = new Set(taken)
  let reused = 0
  for (let i = 0; i < 300; i++) if (known.has(pages.acquire(size))) reused++
  t.equal(reused, (16 << 20) / size)
})

t.test('a budget grants what is left', async (t) => {
  const budget = new Budget(100)
  t.ok(budget.take(60))
  t.notOk(budget.take(41))
  t.equal(budget.used, 60, 'nothing is taken by a refusal')
  t.ok(budget.take(40))
  budget.give(100)
  t.equal(budget.used, 0)
  t.throws(() => budget.give(1), { name: 'AssertionFailed' })
})
