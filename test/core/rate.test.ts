import t from 'tap'
import { Rate } from '../../src/core/rate.js'
import { SeededRandom } from '../helpers/msgpack-random.js'

t.test('there is a second’s worth, then as much as time brings', async (t) => {
  const rate = new Rate({ eventsPerSecond: 1000, bytesPerSecond: 0 })
  t.ok(rate.admits(0))
  rate.take(1000, 1e9)
  t.notOk(rate.admits(0))
  t.equal(rate.waitMs, 1)
  t.ok(rate.admits(1))
  rate.take(500, 0)
  t.notOk(rate.admits(100))
  t.equal(rate.waitMs, 400)
  t.notOk(rate.admits(499))
  t.notOk(rate.admits(500), 'what is paid back is not yet something')
  t.ok(rate.admits(501))
  t.ok(rate.admits(1e9))
  rate.take(1000, 0)
  t.notOk(rate.admits(1e9), 'a long rest is worth a second')
})

t.test('both hold, and one of 0 is none', async (t) => {
  const both = new Rate({ eventsPerSecond: 10, bytesPerSecond: 1000 })
  t.ok(both.admits(0))
  both.take(1, 3000)
  t.notOk(both.admits(0))
  t.equal(both.waitMs, 2000)
  t.notOk(both.admits(2000))
  t.ok(both.admits(2001))
  both.take(20, 1)
  t.notOk(both.admits(2001))
  const none = new Rate({ eventsPerSecond: 0, bytesPerSecond: 0 })
  for (let i = 0; i < 100; i++) {
    t.ok(none.admits(5))
    none.take(1e6, 1e9)
  }
})

t.test('a clock that stands still or goes back brings nothing', async (t) => {
  const rate = new Rate({ eventsPerSecond: 10, bytesPerSecond: 0 })
  t.ok(rate.admits(1000))
  rate.take(11, 0)
  t.notOk(rate.admits(1000))
  t.notOk(rate.admits(500))
  t.notOk(rate.admits(1000), 'not even when it catches up')
  t.ok(rate.admits(1101))
})

t.test('whoever says again who they are goes on with what they have left', async (t) => {
  const first = new Rate({ eventsPerSecond: 100, bytesPerSecond: 0 })
  t.ok(first.admits(0))
  first.take(300, 0)
  const second = new Rate({ eventsPerSecond: 1000, bytesPerSecond: 50 }).after(first)
  t.notOk(second.admits(0), 'a debt stays one')
  t.notOk(second.admits(200))
  t.ok(second.admits(201), 'and is paid at the new rate')
  t.equal(second.after(second), second)
  t.ok(new Rate({ eventsPerSecond: 1, bytesPerSecond: 1 }).after(null).admits(0))
})

t.test('in the long run no more comes through than the rate, whatever the messages', async (t) => {
  const random = new SeededRandom(3)
  for (let world = 0; world < 50; world++) {
    const eventsPerSecond = 1 + random.below(5000)
    const bytesPerSecond = 1 + random.below(1_000_000)
    const rate = new Rate({ eventsPerSecond, bytesPerSecond })
    const largest = { events: 1 + random.below(500), bytes: 1 + random.below(70_000) }
    let now = random.below(1000)
    const from = now
    let events = 0
    let bytes = 0
    for (let i = 0; i < 2000; i++) {
      now += random.below(20)
      if (!rate.admits(now)) {
        // It says the truth about when to come back.
        if (random.oneIn(50)) {
          now += rate.waitMs + 1
          if (!rate.admits(now)) t.fail('nothing is left after the time that was told')
        }
        continue
      }
      const [someEvents, someBytes] = [1 + random.below(largest.events), 1 + random.below(largest.bytes)]
      rate.take(someEvents, someBytes)
      events += someEvents
      bytes += someBytes
    }
    const seconds = (now - from) / 1000
    t.ok(events <= eventsPerSecond * (1 + seconds) + largest.events, `${events} events in ${seconds} s`)
    t.ok(bytes <= bytesPerSecond * (1 + seconds) + largest.bytes, `${bytes} bytes in ${seconds} s`)
  }
})
