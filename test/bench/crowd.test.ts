import t, { type Test } from 'tap'
import { checkDescriptors, descriptorsIn, descriptorsMax } from '../../bench/generator/descriptors.js'
import { InFlight } from '../../bench/generator/in-flight.js'
import { Attention, LastReceipt } from '../../bench/generator/last-receipt.js'
import type { Pump } from '../../bench/generator/pump.js'
import { Turns } from '../../bench/generator/turns.js'
import { natsTcpWire } from '../../bench/wires/nats.js'

/** An event each 10 ms, of which those of the first second count. */
function lastOf(subscribers: number, attention = new Attention()): LastReceipt {
  return new LastReceipt(subscribers, (event) => event * 10, { fromMs: 0, toMs: 1000 }, attention)
}

function near(t: Test, is: number, expected: number, what: string): void {
  t.ok(Math.abs(is - expected) <= expected / 64, `${what}: ${is} is about ${expected}`)
}

t.test('what counts is the last subscriber, from the intended send time', async (t) => {
  const last = lastOf(3)
  last.received(0, 1, 1)
  last.received(0, 1, 2)
  t.equal(last.result().count, 0, 'one is missing')
  last.received(0, 1, 7)
  // The second event, sent at 10, comes to two of them together with the first.
  last.received(1, 1, 12)
  last.received(1, 1, 14)
  last.received(1, 1, 13)
  const { count, p50Us, maxUs } = last.result()
  t.equal(count, 2)
  near(t, p50Us, 3000, 'p50')
  near(t, maxUs, 7000, 'max')
})

t.test('several events at a time are told apart', async (t) => {
  const last = lastOf(2)
  last.received(0, 3, 30)
  last.received(0, 2, 31)
  t.equal(last.result().count, 2)
  last.received(2, 1, 32)
  t.equal(last.result().count, 3)
  near(t, last.result().maxUs, 31_000, 'the first has waited longest')
})

t.test('an event that one subscriber never gets, and those of another time, are in no percentile', async (t) => {
  const last = lastOf(2)
  last.received(0, 4, 40)
  last.received(0, 1, 41)
  last.received(2, 2, 42)
  t.equal(last.result().count, 3, 'without the second')
  for (const subscriber of [0, 1]) last.received(100, 5, 2000 + subscriber)
  t.equal(last.result().count, 3)
})

t.test('the generator’s share is the time in which it had something to read', async (t) => {
  const attention = new Attention()
  const last = lastOf(2, attention)
  const read = (event: number, now: number) => {
    attention.read()
    last.received(event, 1, now)
  }
  attention.turn(0)
  attention.turn(2)
  read(0, 2)
  attention.turn(4)
  // Two turns without anything to read: it waits for the subject.
  attention.turn(6)
  attention.turn(8)
  read(0, 9)
  // Intended at 0, first receipt at 2, last at 9: of these 9 ms it read during 7 less 4.
  t.match(last.result().generatorShare.toFixed(3), (3 / 9).toFixed(3))
})

t.test('publishers wait until half of what may be under way is free, and are called in their order', async (t) => {
  const inFlight = new InFlight(100)
  const called: string[] = []
  inFlight.published(101)
  t.equal(inFlight.full, true)
  inFlight.onceOpen(() => called.push('first'))
  inFlight.onceOpen(() => called.push('second'))
  inFlight.took(51)
  t.same(called, [], 'exactly half is under way')
  inFlight.took(1)
  t.same(called, ['first', 'second'])
  inFlight.took(10)
  t.same(called, ['first', 'second'], 'once each')
  t.equal(inFlight.receivedBytes, 62)
})

t.test('a thousand publishers have as many turns each, however little may be under way', async (t) => {
  const inFlight = new InFlight(300)
  const pumps = Array.from({ length: 1000 }, () => new CountingPump(inFlight))
  const turns = new Turns(pumps)
  turns.start()
  let taken = 0
  const total = () => pumps.reduce((sum, pump) => sum + pump.sent, 0)
  while (total() < 20_000) {
    await new Promise((resolve) => setImmediate(resolve))
    inFlight.took(total() - taken)
    taken = total()
  }
  turns.stop()
  const sent = pumps.map((pump) => pump.sent)
  t.ok(Math.max(...sent) - Math.min(...sent) <= 2, `${Math.min(...sent)} to ${Math.max(...sent)} each`)
})

t.test('subscriptions beside the measured ones have numbers of their own at nats-server', async (t) => {
  const command = (subscribe: boolean, pattern: string) =>
    Buffer.from(natsTcpWire.churn(subscribe, pattern)!).toString()
  const number = (line: string) => Number(/ (\d+)\r\n$/.exec(line)?.[1])
  const first = number(command(true, 'a.*'))
  const second = number(command(true, 'a.*'))
  const other = number(command(true, 'b.*'))
  t.equal(new Set([1, first, second, other]).size, 4, 'none is that of the measured subscriptions')
  t.equal(command(false, 'a.*'), `UNSUB ${first}\r\n`)
  t.equal(command(false, 'b.*'), `UNSUB ${other}\r\n`)
  t.equal(command(false, 'a.*'), `UNSUB ${second}\r\n`)
})

t.test('connections that do not fit the descriptors of a process are refused in words', async (t) => {
  const limits =
    'Limit Soft Limit Hard Limit Units\nMax processes 96 96 processes\nMax open files            1024      524288      files\n'
  t.equal(descriptorsIn(limits), 1024)
  t.equal(descriptorsIn(limits.replace('1024', 'unlimited')), Number.POSITIVE_INFINITY)
  t.ok(descriptorsMax('self') > 0, 'those of this process')
  checkDescriptors('the subject', 1024, 900)
  t.throws(() => checkDescriptors('the subject', 1024, 1000), {
    message: '1000 connections need 1064 descriptors, and the subject may have 1024 (ulimit -n)',
  })
})

class CountingPump implements Pump {
  sent = 0
  onReady: () => void = () => {}

  constructor(private readonly inFlight: InFlight) {}

  turn(): boolean {
    if (this.inFlight.full) {
      this.inFlight.onceOpen(() => this.onReady())
      return false
    }
    this.sent++
    this.inFlight.published(1)
    return true
  }
}
