import { readFileSync } from 'node:fs'
import t from 'tap'
import { Expiries } from '../../src/security/expiries.js'
import { Lru } from '../../src/security/lru.js'
import { RefusalLog } from '../../src/security/refusal-log.js'
import { Revocations } from '../../src/security/revocations.js'
import { folder } from '../helpers/secured.js'
import { until } from '../helpers/until.js'

t.test('what ends when', async (t) => {
  const expiries = new Expiries<string>()
  expiries.add('never', 0)
  expiries.add('five', 5000)
  expiries.add('five too', 4001)
  expiries.add('six', 6000)
  expiries.add('gone', 5000)
  expiries.delete('gone', 5000)
  expiries.delete('never', 0)
  t.same(expiries.take(4999), [])
  t.same(expiries.take(5000), ['five', 'five too'])
  t.same(expiries.take(5999), [])
  expiries.add('late', 1000)
  t.same(expiries.take(5999), ['late'], 'what has ended already is taken at once')
  t.same(expiries.take(4_000_000_000_000), ['six'], 'the clock may leap')
  expiries.add('seven', 7000)
  t.same(expiries.take(3000), [], 'and back')
  t.same(expiries.take(7000), ['seven'])
})

t.test('what was not asked for the longest is forgotten', async (t) => {
  const lru = new Lru<string, number>(2)
  lru.set('a', 1)
  lru.set('b', 2)
  t.equal(lru.get('a'), 1)
  lru.set('c', 3)
  t.equal(lru.get('b'), undefined)
  t.equal(lru.get('a'), 1)
  t.equal(lru.size, 2)
})

t.test('the log has its measure', async (t) => {
  let now = 0
  const warned: string[] = []
  const refusals = new RefusalLog(
    (level, sentence, fields) => level === 'warn' && void warned.push(`${sentence} ${fields?.count ?? ''}`),
    () => now,
  )
  for (let each = 0; each < 1000; each++) refusals.note('why', {})
  t.equal(warned.length, 10)
  now = 10_000
  refusals.tick()
  t.match(warned[10], /990/)
  refusals.note('why', {})
  t.equal(warned.length, 12)
  now = 20_000
  refusals.tick()
  t.equal(warned.length, 12)
})

t.test('revoked tokens', async (t) => {
  const files = folder(t)
  const file = files.write('revoked', '# lost on the train\none\r\n  two\n\nthree')
  const revoked = Revocations.open(file, () => {})
  t.teardown(() => revoked.close())
  let changes = 0
  revoked.start(() => changes++)
  t.same(
    ['one', 'two', 'three', 'four', '#'].map((id) => revoked.has(id)),
    [true, true, true, false, false],
  )
  t.same(await Promise.all([revoked.add('four'), revoked.add('five'), revoked.add('one')]), [true, true, true])
  t.equal(
    readFileSync(file, 'utf8'),
    '# lost on the train\none\r\n  two\n\nthree\nfour\nfive\n',
    'each on a line of its own',
  )
  files.write('revoked', 'two words\n')
  files.write('revoked', 'six\n')
  await until('the file to be read again', () => revoked.has('six'))
  t.equal(revoked.has('one'), false, 'what is taken out is accepted again')
  t.ok(changes >= 1)

  const nowhere = Revocations.open('/nowhere/at/all', () => {})
  await t.rejects(nowhere.add('x'), /cannot be written/)
  t.equal(nowhere.has('x'), true, 'it counts all the same')
  const none = Revocations.open('', () => {})
  t.equal(await none.add('x'), false)
  t.equal(none.has('x'), true)
  const next = Revocations.open(file, () => {})
  next.takeOver(none)
  t.equal(next.has('x'), true)
  t.equal(next.size, 2)
})
