import t from 'tap'
import { ThreadClock } from '../../../src/observe/bottleneck/thread-time.js'

t.test(
  'shares of the time that has passed, which the system tells',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const clock = new ThreadClock(() => performance.now())
    const until = performance.now() + 400
    while (performance.now() < until);
    const { ran, waited } = clock.take()
    t.ok(ran > 0, `${ran}`)
    t.ok(ran + waited > 0.9, 'who is always ready either runs or waits')
    t.ok(ran <= 1 && waited <= 1)
  },
)

t.test('two looks close together: the second tells the same again', async (t) => {
  let now = 0
  const clock = new ThreadClock(() => now)
  now = 1000
  const first = clock.take()
  now = 1001
  t.equal(clock.take(), first)
  now = 2000
  t.not(clock.take(), first)
})
