import t from 'tap'
import { Progress, timeText } from '../../bench/report/progress.js'

function output(isTTY: boolean, columns = 200) {
  const written: string[] = []
  return { written, isTTY, columns, write: (text: string) => written.push(text) > 0 }
}

t.test('a line for each scenario where there is no terminal', async (t) => {
  const out = output(false)
  const progress = new Progress([1000, 1000, 1000], out, () => 0)
  progress.step('a', 'run 1')
  progress.step('a', 'run 2')
  progress.step('b', 'run 1')
  progress.clear()
  t.same(out.written, ['1/3 a, 3 s left\n', '3/3 b, 1 s left\n'])
})

t.test('a bar on a terminal, no wider than it, with the time that the rest takes as the clock has it', async (t) => {
  let now = 0
  const out = output(true)
  const progress = new Progress([1000, 1000, 1000, 1000, 1000, 1000], out, () => now)
  for (let i = 0; i < 4; i++) {
    progress.step('a', `run ${i}`)
    now += 2000
  }
  t.match(out.written[0], /1\/6 {2}6 s left {2}a {2}run 0/, 'the plan')
  t.match(
    out.written[3],
    /4\/6 {2}6 s left {2}a {2}run 3/,
    'three steps are left, and each takes twice as long as planned',
  )
  t.match(out.written[3], /█{14}░{14}/, 'half is done')
  const narrow = output(true, 20)
  new Progress([1], narrow, () => 0).step('a long name of a scenario', 'run')
  t.ok(narrow.written[0].replace('\r\x1b[2K', '').length < 20)
})

t.test('times', async (t) => {
  t.same([0, 400, 40_000, 89_000, 91_000, 3_600_000, 3_900_000].map(timeText), [
    '0 s',
    '1 s',
    '40 s',
    '89 s',
    '2 min',
    '1 h 00 min',
    '1 h 05 min',
  ])
})
