import t from 'tap'
import { Pacer } from '../../src/cli/pacer.js'

/** When each of `count` events goes, on a timer that fires `lateMs` late. */
function times(rate: number, count: number, lateMs: number): number[] {
  const pacer = new Pacer(rate, 0)
  const went: number[] = []
  let nowMs = 0
  while (went.length < count) {
    const delayMs = pacer.take(nowMs)
    if (delayMs === 0) went.push(nowMs)
    else nowMs += delayMs + lateMs
  }
  return went
}

t.test('events are evenly spread', async (t) => {
  t.same(times(100, 4, 0), [0, 10, 20, 30])
})

t.test('late timers do not lower the rate', async (t) => {
  const went = times(1000, 1001, 1.3)
  t.ok((went.at(-1) as number) < 1003, `the last of 1,001 at 1,000/s went after ${went.at(-1)} ms`)
  t.ok((went.at(-1) as number) >= 1000)
})

t.test('after a pause of the source there is no burst', async (t) => {
  const pacer = new Pacer(1000, 0)
  t.equal(pacer.take(0), 0)
  let atOnce = 0
  while (pacer.take(5000) === 0) atOnce++
  t.ok(atOnce <= 21, `${atOnce} events in the first millisecond after five seconds of silence`)
})

t.test('less than one a second', async (t) => {
  const pacer = new Pacer(0.1, 0)
  t.equal(pacer.take(0), 0)
  t.equal(pacer.take(1), 9999)
})
