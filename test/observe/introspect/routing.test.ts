import { readFileSync } from 'node:fs'
import t from 'tap'
import { IntrospectPart } from '../../../src/observe/introspect/part.js'
import type { PatternRow, ReceiverRow, SubscriptionRow, TraceRow } from '../../../src/observe/introspect/rows.js'
import { Slices } from '../../../src/observe/introspect/slices.js'
import type { ThreadContext } from '../../../src/observe/thread/part.js'
import { CoreHarness } from '../../helpers/core-harness.js'
import { IntrospectUnderTest } from '../../helpers/introspect.js'
import { repositoryPath } from '../../helpers/repository.js'

interface Topics {
  readonly windowMs: number
  readonly topicsActive: number
  readonly rate: number
  readonly topics: readonly { readonly topic: string; readonly events: number; readonly rate: number }[]
}

interface Traced {
  readonly dryRun: boolean
  readonly lane: number
  readonly drainedMs: number
  readonly doneMs: number | null
  readonly total: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly receivers: readonly TraceRow[]
}

interface Page<Row> {
  readonly total: number
  readonly next: string | null
  readonly receivers: readonly Row[]
  readonly subscriptions: readonly Row[]
}

t.test('the busiest topics', async (t) => {
  const core = new CoreHarness()
  const pages = new IntrospectUnderTest(core)
  const publisher = core.peer()
  core.host.ms += 1000
  for (let index = 0; index < 150; index++) publisher.publish(`t.${index}`, Array<string>(index + 1).fill('x'))
  core.turns()
  const { topics, windowMs, topicsActive, rate } = await pages.get<Topics>('/topics?limit=3')
  t.equal(windowMs, 1000)
  t.equal(topicsActive, 150)
  t.equal(rate, (150 * 151) / 2)
  t.same(topics, [
    { topic: 't.149', events: 150, rate: 150 },
    { topic: 't.148', events: 149, rate: 149 },
    { topic: 't.147', events: 148, rate: 148 },
  ])
  const again = await pages.get<Topics>('/topics?by=rate&limit=1000')
  t.equal(again.topics.length, 150, 'who asks right afterwards is told the same')
  core.host.ms += 2000
  publisher.publish('t.0', ['x'])
  core.turns()
  t.match(await pages.get<Topics>('/topics'), {
    windowMs: 2000,
    topicsActive: 1,
    topics: [{ topic: 't.0', rate: 0.5 }],
  })
  core.host.ms += 3_600_000
  publisher.publish('t.0', Array<string>(1000).fill('x'))
  core.turns()
  const clock = setInterval(() => {
    core.host.ms += 500
  }, 5)
  const [fresh, same] = await Promise.all([pages.get<Topics>('/topics'), pages.get<Topics>('/topics')])
  clearInterval(clock)
  t.same(fresh.topics, [], 'a count of an hour is no rate of now: it is counted anew')
  t.same(same, fresh, 'two who ask at once have one count')
  await t.rejects(pages.get('/topics?by=name'), { status: 400, message: /none of rate/ })
})

t.test('who is subscribed to what', async (t) => {
  const core = new CoreHarness()
  const pages = new IntrospectUnderTest(core)
  const peers = Array.from({ length: 230 }, () => core.peer())
  for (const [index, peer] of peers.entries()) {
    peer.subscribe('all.>')
    if (index < 5) peer.subscribe('few.*', { policy: 'conflate' })
  }
  peers[0].subscribe('one')
  const { patterns, total } = (await pages.get('/subscriptions')) as unknown as {
    patterns: PatternRow[]
    total: number
  }
  t.equal(total, 3)
  t.same(patterns, [
    { pattern: 'all.>', subscriptions: 230 },
    { pattern: 'few.*', subscriptions: 5 },
    { pattern: 'one', subscriptions: 1 },
  ])
  const few = await pages.get<Page<SubscriptionRow>>('/subscriptions?pattern=few.*')
  t.equal(few.total, 5)
  t.match(few.subscriptions[4], { session: 5, pattern: 'few.*', policy: 'conflate' })
  const first = await pages.get<Page<SubscriptionRow>>('/subscriptions?pattern=all.%3E&limit=220')
  const rest = await pages.get<Page<SubscriptionRow>>(`/subscriptions?pattern=all.%3E&limit=220&cursor=${first.next}`)
  t.equal(new Set([...first.subscriptions, ...rest.subscriptions].map(({ session }) => session)).size, 230)
  t.equal(rest.next, null)
  t.match(await pages.get('/subscriptions?pattern=nobody'), { total: 0, subscriptions: [], next: null })
})

t.test('who would get an event', async (t) => {
  const core = new CoreHarness()
  const pages = new IntrospectUnderTest(core)
  const peers = Array.from({ length: 230 }, () => core.peer())
  for (const peer of peers) peer.subscribe('a.*')
  peers[0].subscribe('a.b')
  const first = await pages.get<Page<ReceiverRow>>('/receivers?topic=a.b&limit=150')
  const rest = await pages.get<Page<ReceiverRow>>(`/receivers?topic=a.b&limit=150&cursor=${first.next}`)
  t.equal(first.total, 230)
  t.equal(rest.next, null)
  t.equal(new Set([...first.receivers, ...rest.receivers].map(({ session }) => session)).size, 230, 'each once')
  t.match(first.receivers[0], { pattern: 'a.*', policy: 'drop-oldest', pendingBytes: 0, blockedMs: 0 })
  t.match(await pages.get('/receivers?topic=nobody'), { total: 0, receivers: [], next: null })
  for (const [topic, says] of [
    ['', /which one/],
    ['a..b', /dot-separated/],
    ['a.*', /dot-separated/],
    ['$sys.stats', /belong to the daemon/],
    ['x'.repeat(256), /too many bytes/],
    ['\u0000', /dot-separated/],
  ] as const) {
    await t.rejects(pages.get(`/receivers?topic=${encodeURIComponent(topic)}`), { status: 400, message: says })
  }
})

t.test('a traced event', async (t) => {
  const core = new CoreHarness()
  const pages = new IntrospectUnderTest(core)
  const [reader, slow, frozen] = [core.peer(), core.peer(), core.peer()]
  for (const peer of [reader, slow, frozen]) peer.subscribe('orders.>')
  slow.freeze()
  frozen.block()
  const traced = await pages.call<Traced>('POST', '/trace', { topic: 'orders.eu', lane: 1, payload: 7 })
  t.match(traced, {
    dryRun: false,
    lane: 1,
    total: 3,
    outcomes: { sent: 1, buffered: 1, waiting: 1 },
    drainedMs: 0,
    doneMs: 0,
  })
  t.same(
    traced.receivers.map(({ session, outcome, pattern }) => [session, outcome, pattern]).sort(),
    [
      [reader.session.id, 'sent', 'orders.>'],
      [slow.session.id, 'buffered', 'orders.>'],
      [frozen.session.id, 'waiting', 'orders.>'],
    ].sort(),
  )
  const [event] = reader.link.takeEvents()
  t.match(event, { topic: 'orders.eu', lane: 1, payload: '\u0007' }, 'it is an event as any other')
  t.same(core.broken, [])

  const dry = await pages.call<Traced>('POST', '/trace', { topic: 'orders.eu', dryRun: true })
  t.match(dry, { dryRun: true, total: 3 })
  t.same(reader.link.takeEvents(), [], 'nothing was published')
  t.match(await pages.call('POST', '/trace', { topic: 'nobody' }), { total: 0, receivers: [], doneMs: null })
})

t.test('a traced event of many receivers is told in pieces', async (t) => {
  const core = new CoreHarness()
  const pages = new IntrospectUnderTest(core)
  for (let index = 0; index < 250; index++) core.peer().subscribe('wide')
  const traced = await pages.call<Traced>('POST', '/trace?limit=1000', { topic: 'wide' })
  t.equal(new Set(traced.receivers.map(({ session }) => session)).size, 250)
  t.equal(pages.asked.filter((question) => question === 'traceRows').length, 3)
  const some = await pages.call<Traced>('POST', '/trace?limit=120', { topic: 'wide' })
  t.equal(some.receivers.length, 120)
  t.equal(some.total, 250)
})

t.test('what cannot be traced', async (t) => {
  const core = new CoreHarness({ payloadBytesMax: 100 })
  const pages = new IntrospectUnderTest(core)
  const wrong: [unknown, RegExp][] = [
    [{}, /topic: which one/],
    [{ topic: 5 }, /topic: which one/],
    [{ topic: 'a..b' }, /dot-separated/],
    [{ topic: '$sys.stats' }, /belong to the daemon/],
    [{ topic: 'a', lane: 8 }, /lane: not a whole number from 0/],
    [{ topic: 'a', lane: '1' }, /lane/],
    [{ topic: 'a', lane: 1.5 }, /lane/],
    [{ topic: 'a', lane: -1 }, /lane/],
    [{ topic: 'a', payload: 'x'.repeat(200) }, /over the limit/],
    [{ topic: 'a', dryRun: 'yes' }, /dryRun/],
    [{ topic: 'a', dryrun: true }, /is dryRun meant\?/],
    ['null', /not a JSON object/],
    ['{"topic":', /not JSON/],
  ]
  for (const [body, says] of wrong) {
    await t.rejects(pages.call('POST', '/trace', body), { status: 400, message: says }, JSON.stringify(body))
  }
  core.router.delivery.overloadedFrom = 3
  await t.rejects(pages.call('POST', '/trace', { topic: 'a' }), { status: 503, message: /memory budget/ })
})

t.test('a walk over many lets others have their turn, and two walks take turns', async (t) => {
  const slices = new Slices()
  const order: string[] = []
  let turns = 0
  let isDone = false
  const count = (): void => {
    turns++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const busy = (): void => {
    const until = performance.now() + 0.02
    while (performance.now() < until);
  }
  const walks = ['a', 'b'].map((name) =>
    slices.each(
      () => Array.from({ length: 500 }, (_, index) => index),
      (index) => {
        busy()
        if (index === 0 || index === 499) order.push(`${name}${index}`)
      },
    ),
  )
  let failed = false
  const failing = slices.steps(() => {
    throw new Error('broken')
  })
  await failing.catch(() => {
    failed = true
  })
  await Promise.all(walks)
  let steps = 0
  await slices.steps(() => ++steps < 10)
  isDone = true
  t.same(order, ['a0', 'a499', 'b0', 'b499'])
  t.ok(turns >= 10, `${turns} turns of others meanwhile`)
  t.ok(failed)
  t.equal(steps, 10, 'one that fails holds up nobody')
})

t.test('every page is in the documentation, and none that is not there', async (t) => {
  const { routes } = new IntrospectPart({} as ThreadContext)
  const page = readFileSync(repositoryPath('docs', 'introspection.md'), 'utf8')
  const told = [...page.matchAll(/^\| `(GET|POST) (\/[^`]+)` \|/gm)].map(([, method, path]) => `${method} ${path}`)
  t.same(told.sort(), routes.map(({ method, path }) => `${method} ${path}`).sort())
})
