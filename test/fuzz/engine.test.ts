import t from 'tap'
import { readArguments } from './engine/arguments.js'
import { Schedule } from './engine/schedule.js'
import { shrink } from './engine/shrink.js'

t.test('a finding is told by the shortest input that shows it', async (t) => {
  const fails = (input: Buffer): boolean => input.includes('bad')
  const long = Buffer.concat([Buffer.alloc(5000, 'x'), Buffer.from('a bad thing'), Buffer.alloc(3000, 'y')])
  t.equal(shrink(long, fails).toString(), 'bad')
  t.equal(shrink(Buffer.from('bad'), fails).toString(), 'bad')
  const never = Buffer.from('of no use')
  t.equal(shrink(never, () => false).toString(), never.toString())
})

t.test('each target and engine has the same time', async (t) => {
  const schedule = new Schedule(['a', 'b'], ['guided', 'mutate'], 40_000, 1, 0, 0)
  let now = 0
  const ran: string[] = []
  for (let jobs = schedule.next(); jobs !== undefined; jobs = schedule.next()) {
    for (const job of jobs) {
      const timeMs = schedule.timeFor(job, now)
      t.equal(timeMs, 10_000)
      now += timeMs
      ran.push(`${job.target} ${job.engine}`)
    }
  }
  t.same(ran, ['a guided', 'a mutate', 'b guided', 'b mutate'])
})

t.test('in a short time jsfuzz runs on some, by the seed', async (t) => {
  const names = ['a', 'b', 'c', 'd']
  const withJsfuzz = (seed: number, timeMs: number): string[] => {
    const schedule = new Schedule(names, ['jsfuzz', 'guided', 'mutate'], timeMs, 1, seed, 0)
    const all = names.flatMap(() => schedule.next() ?? [])
    t.equal(all.filter(({ engine }) => engine === 'mutate').length, names.length)
    return all.filter(({ engine }) => engine === 'jsfuzz').map(({ target }) => target)
  }
  t.same(withJsfuzz(0, 10_000), ['a'])
  t.same(withJsfuzz(2, 10_000), ['c'])
  t.same(withJsfuzz(1, 36_000), ['b', 'c'])
  t.same(withJsfuzz(0, 600_000), names)
})

t.test('what is asked for', async (t) => {
  t.equal(readArguments(['--help']), null)
  t.match(readArguments([]), { targets: null, engines: ['jsfuzz', 'guided', 'mutate'], timeMs: 60_000 })
  t.match(readArguments(['--target', 'scan,topic', '--engine', 'mutate', '--time', '2h', '--seed', '7']), {
    targets: ['scan', 'topic'],
    engines: ['mutate'],
    timeMs: 7_200_000,
    seed: 7,
  })
  for (const bad of [['--time', '5'], ['--engine', 'x'], ['--runs', '0'], ['--nonsense'], ['word']]) {
    t.type(readArguments(bad), 'string', bad.join(' '))
  }
})
