import t from 'tap'
import { Admission, type AdmissionLimits, TOLD_MAX } from '../../src/ingress/admission.js'
import { IngressMeters } from '../../src/ingress/ingress.js'
import { Code } from '../../src/protocol/codes.js'

function admission(limits: Partial<AdmissionLimits>): {
  admission: Admission
  refused: ReadonlyMap<string, number>
  clock: { now: number }
} {
  const meters = new IngressMeters()
  const clock = { now: 0 }
  const all = { connectionsMax: 1000, connectionsPerAddress: 0, connectsPerSecond: 0, ...limits }
  return { admission: new Admission(all, meters, () => clock.now), refused: meters.refused, clock }
}

t.test('connections in all', async (t) => {
  const { admission: all, refused } = admission({ connectionsMax: 2 })
  t.equal(all.arrived(), 0)
  t.equal(all.arrived(), 0)
  t.notOk(all.isFull)
  t.equal(all.arrived(), Code.TOO_MANY_CONNECTIONS)
  t.ok(all.isFull)
  t.same([...refused], [['too_many_connections', 1]])
  all.left()
  all.left()
  t.equal(all.arrived(), 0, 'a place that is free is given again')
  all.limits.connectionsMax = 1
  t.ok(all.isFull, 'a limit that changes holds at once')
})

t.test('connections of an address, and of a network of IPv6', async (t) => {
  const { admission: all, refused } = admission({ connectionsPerAddress: 2 })
  const first = all.enter('192.0.2.1')
  t.equal(all.enter('192.0.2.1'), first)
  t.equal(all.enter('::ffff:192.0.2.1'), null)
  t.equal(typeof all.enter('192.0.2.2'), 'string')
  t.notOk(all.hasRoomFor('192.0.2.1'))
  t.ok(all.hasRoomFor('192.0.2.2'))
  t.notOk(all.hasRoomFor('192.0.2.2', 1))
  t.equal(typeof all.enter('2001:db8::1'), 'string')
  t.equal(typeof all.enter('2001:db8::2'), 'string')
  t.equal(all.enter('2001:db8::3'), null)
  t.same([...refused], [['too_many_of_address', 2]])
  all.leave(first as string)
  t.equal(all.enter('192.0.2.1'), first)
})

t.test('addresses that have gone are forgotten', async (t) => {
  const { admission: all } = admission({})
  const networks = Array.from({ length: 100 }, (_, i) => all.enter(`192.0.2.${i}`) as string)
  t.equal(all.networks, 100)
  for (const network of networks) all.leave(network)
  t.equal(all.networks, 0)
})

t.test('connections in a second: two seconds of them at once, then as many as are allowed', async (t) => {
  const { admission: all, refused, clock } = admission({ connectsPerSecond: 10 })
  const take = (count: number): number =>
    Array.from({ length: count }, () => all.arrived()).filter((c) => c === 0).length
  t.equal(take(50), 20)
  t.same([...refused], [['too_many_connects', 30]])
  t.equal(take(1), 0)
  clock.now += 500
  t.equal(take(50), 5)
  clock.now += 100_000
  t.equal(take(50), 20, 'no more is saved up')
})

t.test('who is refused is told, as long as these are few', async (t) => {
  const { admission: all, clock } = admission({ connectionsMax: 10 })
  for (let i = 0; i < 11; i++) all.arrived()
  const told = (count: number): number => Array.from({ length: count }, () => all.mayTell()).filter(Boolean).length
  t.equal(told(1000), TOLD_MAX)
  clock.now += 500
  t.equal(told(1000), TOLD_MAX / 2)
  clock.now += 10_000
  for (let i = 0; i < TOLD_MAX; i++) all.arrived()
  t.equal(told(10), 0, 'nor may they be many at a time')
})
