import t from 'tap'
import { Written } from '../../../src/core/link.js'
import { Router } from '../../../src/core/router.js'
import { sharedNow } from '../../../src/observe/clock.js'
import { LoopWatch } from '../../../src/observe/main/loop-watch.js'
import { Sampler } from '../../../src/observe/main/sampler.js'
import { encodeEvent } from '../../../src/protocol/write.js'
import { coreOptions } from '../../helpers/core-options.js'

const meters = {
  opened: 4,
  messages: 9,
  closed: new Map([
    [1000, 2],
    [4002, 1],
  ]),
  rejected: new Map(),
  refused: new Map(),
  hostile: new Map(),
}
const httpMeters = {
  answered: new Map([
    [200, 3],
    [404, 2],
  ]),
  aborted: 0,
  streams: 0,
  streamsWaiting: 0,
  streamsKeptBytes: 0,
  resumed: 0,
  notResumed: 0,
}

function sampled(t: { teardown(run: () => unknown): void }): { router: Router; sampler: Sampler } {
  const router = new Router(coreOptions(), { now: () => performance.now(), schedule: setImmediate })
  const loop = new LoopWatch()
  t.teardown(() => loop.close())
  const listeners = [{ name: 'listen', ingress: { engine: 'none', connections: 3 } }]
  return { router, sampler: new Sampler({ router, listeners, ingressMeters: meters, httpMeters, tls: null }, loop) }
}

t.test('a sample is plain data that another thread can be sent', async (t) => {
  const { sampler } = sampled(t)
  const before = sharedNow()
  const sample = sampler.next('draining')
  t.same(structuredClone(sample), sample)
  t.ok(sample.atMs >= before && sample.atMs <= sharedNow())
  t.match(sample, {
    phase: 'draining',
    isOverloaded: false,
    transports: { connections: { listen: 3 }, opened: 4, messages: 9, requests: 5, handshakesFailed: 0 },
  })
  t.equal(
    Object.values(sample.transports.closed).reduce((sum, count) => sum + count, 0),
    3,
  )
})

t.test('who does not read is in it, with what waits for them, and the books balance', async (t) => {
  const { router, sampler } = sampled(t)
  const publisher = router.open({ write: () => Written.SENT, end() {} })
  let isFrozen = false
  const frozen = router.open({ write: () => (isFrozen ? Written.BUFFERED : Written.SENT), end() {} })
  frozen.name = 'frozen'
  router.subscribe(frozen, 'a.>', {})
  isFrozen = true
  const frame = encodeEvent('a.b', 5, new Uint8Array(100))
  for (let i = 0; i < 50; i++) {
    const position = router.reserve(frame.length)
    router.slabs.bytes.set(frame, position)
    router.accept(publisher, position, position + frame.length)
    router.drainAll()
  }
  const { core, slow, memory } = sampler.now('ready')
  t.match(core, { accepted: 50, routed: 50, matched: 50, sessions: 2, subscriptions: 1, blockedOutboxes: 1 })
  const dropped = Object.values(core.dropped).reduce((sum, count) => sum + count, 0)
  t.equal(core.matched, core.delivered + dropped + core.pendingInOutboxes)
  t.match(slow, [{ session: frozen.id, name: 'frozen', pendingEvents: core.pendingInOutboxes, dropped: 0 }])
  t.ok(slow[0].pendingBytes > 0 && slow[0].blockedMs >= 0)
  t.ok(memory.used > 0 && memory.pools.pages > 0)
})

t.test('who asks within an interval does not begin a new one', async (t) => {
  // Before its first turn a loop tells of no time at all.
  await new Promise((resolve) => setTimeout(resolve))
  const { sampler } = sampled(t)
  sampler.next('ready')
  const end = performance.now() + 40
  while (performance.now() < end);
  const { utilization } = sampler.now('ready').loop
  t.ok(utilization > 0)
  t.ok(sampler.now('ready').loop.utilization > 0, 'it is still there for the next')
})
