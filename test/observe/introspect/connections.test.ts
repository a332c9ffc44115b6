import t from 'tap'
import type { ClosedRow, ConnectionView, SubscriptionRow } from '../../../src/observe/introspect/rows.js'
import { Code } from '../../../src/protocol/codes.js'
import { Op } from '../../../src/protocol/ops.js'
import { controlFrame } from '../../helpers/core-frames.js'
import { CoreHarness, type Peer } from '../../helpers/core-harness.js'
import { IntrospectUnderTest } from '../../helpers/introspect.js'

interface Listed {
  readonly total: number
  readonly connections: readonly ConnectionView[]
  readonly next: string | null
}

interface One extends Omit<ConnectionView, 'subscriptions'> {
  readonly subscriptions: readonly SubscriptionRow[]
  readonly subscriptionsTotal: number
  readonly next: string | null
}

interface ClosedPage {
  readonly closed: readonly ClosedRow[]
  readonly next: string | null
}

function named(core: CoreHarness, name: string, listener = 'listen'): Peer {
  const peer = core.peer()
  peer.session.peer = { listener, transport: 'websocket', address: '10.0.0.1' }
  peer.send(controlFrame({ op: Op.HELLO, info: { name } }))
  return peer
}

const ids = ({ connections }: Listed): number[] => connections.map(({ session }) => session)

t.test('what is told of a connection', async (t) => {
  const core = new CoreHarness()
  const pages = new IntrospectUnderTest(core)
  const publisher = named(core, 'billing', 'http2')
  const frozen = named(core, 'reports')
  frozen.subscribe('orders.>', { policy: 'drop-newest', eventsMax: 2 })
  publisher.publish('orders.eu', ['a'])
  core.turns()
  core.host.ms += 1000
  frozen.block()
  publisher.publish('orders.eu', ['b', 'c'])
  core.turns()
  publisher.publish('orders.eu', ['d'])
  publisher.publish('bad..topic', ['x'])
  core.turns()
  core.host.ms += 500
  const { connections, total, next } = await pages.get<Listed>('/connections')
  t.equal(total, 2)
  t.equal(next, null)
  t.match(connections[0], {
    session: frozen.session.id,
    name: 'reports',
    listener: 'listen',
    transport: 'websocket',
    address: '10.0.0.1',
    ageMs: 1500,
    subscriptions: 1,
    pendingEvents: 2,
    delivered: 1,
    dropped: 1,
    blockedMs: 500,
  })
  t.ok(connections[0].pendingBytes > 0)
  t.match(connections[1], {
    name: 'billing',
    listener: 'http2',
    accepted: 4,
    refused: 1,
    pendingBytes: 0,
    blockedMs: 0,
  })
  const slow = await pages.get<Listed>('/slow')
  t.same(ids(slow), [frozen.session.id])
  const one = await pages.get<One>(`/connections/${frozen.session.id}`)
  t.equal(one.subscriptionsTotal, 1)
  t.match(one.subscriptions[0], { pattern: 'orders.>', policy: 'drop-newest', eventsMax: 2, pendingEvents: 2 })
})

t.test('sessions that only carry a request are nobody', async (t) => {
  const core = new CoreHarness()
  const pages = new IntrospectUnderTest(core)
  const carrier = core.peer()
  carrier.session.isPublishOnly = true
  t.equal((await pages.get<Listed>('/connections')).total, 0)
  await t.rejects(pages.call('POST', `/connections/${carrier.session.id}/kick`), {
    status: 404,
    message: /no connection/,
  })
  carrier.close()
  t.same((await pages.get<ClosedPage>('/connections/closed')).closed, [])
})

t.test('sorted, filtered, and paged', async (t) => {
  const core = new CoreHarness({ outboxBytesMax: 100_000 })
  const pages = new IntrospectUnderTest(core)
  const publisher = named(core, 'publisher', 'http2')
  const peers = Array.from({ length: 250 }, (_, index) => named(core, `worker-${index % 2 === 0 ? 'EVEN' : 'odd'}`))
  for (const [index, peer] of peers.entries()) {
    peer.subscribe(`to.${index}`)
    if (index % 10 !== 0) continue
    peer.block()
    publisher.publish(`to.${index}`, Array<string>(index + 1).fill('x'))
  }
  core.turns()
  const all: number[] = []
  let cursor = ''
  do {
    const page = await pages.get<Listed>(`/connections?limit=100&cursor=${cursor}`)
    t.equal(page.total, 251)
    all.push(...ids(page))
    cursor = page.next ?? ''
  } while (cursor !== '')
  t.equal(new Set(all).size, 251, 'each once')
  const behind = peers.filter((_, index) => index % 10 === 0).map(({ session }) => session.id)
  t.same(all.slice(0, 25), behind.reverse(), 'the furthest behind first')
  t.same(ids(await pages.get<Listed>('/connections?sort=age&limit=3')), [1, 2, 3], 'the oldest first')
  t.equal((await pages.get<Listed>('/connections?name=Even')).total, 125, 'names in any case')
  t.equal((await pages.get<Listed>('/connections?listener=http2')).total, 1)
  t.equal((await pages.get<Listed>('/connections?listener=https')).total, 0)
  t.equal((await pages.get<Listed>('/connections?limit=1000')).connections.length, 251)
  for (const peer of peers.slice(0, 200)) peer.close()
  const rest = await pages.get<Listed>(`/connections?sort=age&cursor=-100_100`)
  t.equal(rest.connections.length, 50, 'a cursor whose session has gone still has its place')
})

t.test('more sessions than there was room for', async (t) => {
  const core = new CoreHarness()
  const pages = new IntrospectUnderTest(core)
  for (let index = 0; index < 1500; index++) named(core, 'one of many')
  const scans = (): number => pages.asked.filter((question) => question === 'connections').length
  const first = await pages.get<Listed>('/connections?sort=age&limit=1000')
  t.equal(first.total, 1500)
  t.equal(scans(), 2, 'they were looked at once more, with more room')
  const rest = await pages.get<Listed>(`/connections?sort=age&limit=1000&cursor=${first.next}`)
  t.equal(new Set([...ids(first), ...ids(rest)]).size, 1500)
  t.equal(scans(), 3)
  const many = await Promise.all([1, 2, 3, 4, 5].map(() => pages.get<Listed>('/connections?limit=1')))
  t.ok(
    many.every(({ total }) => total === 1500),
    'several at once',
  )
})

t.test('rates are of the time between two looks', async (t) => {
  const core = new CoreHarness()
  const pages = new IntrospectUnderTest(core)
  const busy = named(core, 'busy')
  const idle = named(core, 'idle')
  idle.subscribe('a')
  const first = await pages.get<Listed>('/connections')
  t.equal(first.connections[0].deliveredRate, null, 'nothing to compare with')
  core.host.ms += 2000
  busy.publish('a', Array<string>(10).fill('x'))
  core.turns()
  const newcomer = named(core, 'newcomer')
  const { connections } = await pages.get<Listed>('/connections?sort=rate')
  t.match(connections[0], { name: 'busy', acceptedRate: 5, deliveredRate: 0 })
  t.match(connections[1], { name: 'idle', acceptedRate: 0, deliveredRate: 5 })
  t.match(connections[2], { session: newcomer.session.id, acceptedRate: null })
  core.host.ms += 60_000
  const asked = pages.asked.length
  const later = pages.get<Listed>('/connections?rates')
  const clock = setInterval(() => {
    core.host.ms += 1000
  }, 5)
  t.equal((await later).connections[0].acceptedRate, 0, 'a look that is long ago is not compared with')
  clearInterval(clock)
  t.equal(pages.asked.slice(asked).filter((question) => question === 'connections').length, 2)
})

t.test('round trips, by PING and PONG', async (t) => {
  const core = new CoreHarness()
  const pages = new IntrospectUnderTest(core)
  const near = named(core, 'near')
  const mute = named(core, 'mute')
  const frozen = named(core, 'frozen')
  frozen.block()
  const reader = named(core, 'reader')
  reader.session.peer = { listener: 'listen', transport: 'sse', address: '' }
  const page = pages.get<Listed>('/connections?rtt=1&sort=age')
  let ping: { op: number; token?: number } | undefined
  while (ping === undefined) {
    await new Promise((resolve) => setImmediate(resolve))
    ping = near.link.take().find(({ op }) => op === Op.PING) as typeof ping
  }
  core.host.ms += 3
  near.send(controlFrame({ op: Op.PONG, token: 0 }))
  near.send(controlFrame({ op: Op.PONG, token: ping.token as number }))
  const times = (await page).connections.map(({ roundTripMs }) => roundTripMs)
  t.same(times, [3, null, null, null])
  t.equal(mute.link.take().filter(({ op }) => op === Op.PING).length, 1, 'a mute one was asked, once')
  t.same(reader.link.take(), [], 'who cannot answer is not asked')
  t.equal(near.session.onPong, null)

  const leaving = named(core, 'leaving')
  const gone = pages.get<One>(`/connections/${leaving.session.id}?rtt`)
  while (leaving.session.onPong === null) await new Promise((resolve) => setImmediate(resolve))
  leaving.close()
  t.equal((await gone).roundTripMs, null, 'who goes meanwhile is not waited for')
})

t.test('kicked: told why, ended with its code, and remembered', async (t) => {
  const core = new CoreHarness()
  const pages = new IntrospectUnderTest(core)
  const peer = named(core, 'noisy')
  const reason = 'ä'.repeat(100)
  const answer = await pages.call('POST', `/connections/${peer.session.id}/kick`, { reason })
  t.match(answer, { kicked: { name: 'noisy' }, reason })
  t.match(peer.link.take(), [{ op: Op.ERROR, code: Code.KICKED, message: reason }])
  t.equal(peer.link.ended?.code, Code.KICKED)
  t.ok(Buffer.byteLength(peer.link.ended?.reason ?? '') <= 123, 'as much of the reason as a close frame has room for')
  t.match(pages.logged, [/operator/])
  await t.rejects(pages.call('POST', `/connections/${peer.session.id}/kick`), { status: 404, message: /no connection/ })

  const other = named(core, 'other')
  await pages.call('POST', `/connections/${other.session.id}/kick`)
  t.match(other.link.take(), [{ op: Op.ERROR, message: 'an operator has ended this connection' }])
  for (const body of ['[]', '{', '{"raeson":"x"}', { reason: 1 }, { reason: 'x'.repeat(201) }]) {
    await t.rejects(
      pages.call('POST', '/connections/1/kick', body),
      { status: 400, message: /body|reason/ },
      JSON.stringify(body),
    )
  }
})

t.test('the last connections that ended', async (t) => {
  const core = new CoreHarness()
  const pages = new IntrospectUnderTest(core)
  for (let index = 1; index <= 300; index++) {
    const peer = named(core, `client-${index}`, index % 2 === 0 ? 'http2' : 'listen')
    core.router.close(peer.session, index === 300 ? Code.IDLE_TIMEOUT : 0, index === 300 ? 'silent' : '')
  }
  const first = await pages.get<ClosedPage>('/connections/closed?limit=200')
  t.equal(first.closed.length, 200)
  t.match(first.closed[0], { name: 'client-300', code: 4003, codeName: 'idle_timeout', reason: 'silent' })
  t.match(first.closed[1], { name: 'client-299', code: 0, codeName: '' })
  t.ok(Math.abs(first.closed[0].closedAt - Date.now()) < 600_000)
  const second = await pages.get<ClosedPage>(`/connections/closed?limit=200&cursor=${first.next}`)
  t.equal(second.closed.length, 56, 'the ring has room for 256')
  t.equal(second.next, null)
  t.equal(second.closed[55].name, 'client-45')
  const filtered = await pages.get<ClosedPage>('/connections/closed?listener=http2&name=CLIENT-29')
  t.same(
    filtered.closed.map(({ name }) => name),
    ['client-298', 'client-296', 'client-294', 'client-292', 'client-290'],
  )
})

t.test('what is asked wrongly is answered with what would be right', async (t) => {
  const core = new CoreHarness()
  const pages = new IntrospectUnderTest(core)
  const peer = named(core, 'one')
  const wrong: [string, RegExp][] = [
    ['/connections?sort=pendng', /sort: "pendng" is none of pending, drops, rate, age/],
    ['/connections?sort=', /sort: "" is none of/],
    ['/connections?sort=pending&sort=age', /sort: given more than once/],
    ['/connections?srot=age', /no parameter "srot"; is sort meant\?/],
    ['/connections?__proto__=1', /no parameter "__proto__"/],
    ['/connections?listener=nowhere', /none of listen, http2, https/],
    ['/connections?rates=perhaps', /neither true nor false/],
    ...['0', '-1', '1001', '1e3', '99999999999999999999', '0x10', '', ' 5', 'NaN'].map((limit): [string, RegExp] => [
      `/connections?limit=${encodeURIComponent(limit)}`,
      /limit: .* is not a whole number from 1 to 1000/,
    ]),
    ['/connections?rtt&limit=101', /from 1 to 100$/],
    ...['x', '5', '1_', '_1', '1_-1', 'Infinity_1', '1_1_1', '1e999999_99999999999999999'].map(
      (cursor): [string, RegExp] => [
        `/connections?cursor=${cursor}`,
        /cursor: .* is not what a page before this one has given/,
      ],
    ),
    [`/connections?name=${'x'.repeat(257)}`, /name: at most 256 characters/],
    ['/connections/abc', /"abc" is not the number of a session/],
    ['/connections/1.5', /not the number/],
    ['/connections/%00', /not the number/],
    ['/connections/closed?cursor=-1', /cursor/],
    ['/connections/closed?sort=age', /no parameter "sort"/],
    [`/connections/${'9'.repeat(400)}`, /is not the number of a session/],
  ]
  for (const [url, says] of wrong) await t.rejects(pages.get(url), { status: 400, message: says }, url)
  t.same(pages.asked, [], 'the routing thread is not troubled with it')
  await t.rejects(pages.get(`/connections/${peer.session.id + 1}`), { status: 404, message: /connections\/closed/ })
})
