import t from 'tap'
import type { Bus, ConnectOptions } from '../../src/client/exports.js'
import { Feed, type FeedState } from '../../src/dashboard/feed/feed.js'
import { STATS_TOPIC, type Stats, type StatsPoint } from '../../src/observe/stats.js'
import { fakeStats } from '../helpers/fake-stats.js'

type OnEvent = (event: { value: unknown }) => void

/** A browser whose time, network and daemon are the test's. */
class World {
  nowMs = 0
  isSecure = false
  /** Answers by path without its query; a path that is missing rejects. */
  answers: Record<string, unknown> = { 'dashboard.json': { bus: ['ws://here:7400', 'wss://here:7443'] } }
  readonly asked: string[] = []
  readonly connections: { urls: readonly string[]; options: ConnectOptions }[] = []
  busIsThere = true
  onEvent: OnEvent = () => {}
  private look: () => void = () => {}

  fetchJson(path: string): Promise<unknown> {
    this.asked.push(path)
    const answer = this.answers[path.split('?')[0]]
    return answer === undefined ? Promise.reject(new Error('nobody there')) : Promise.resolve(answer)
  }

  connect(urls: readonly string[], options: ConnectOptions): Promise<Bus> {
    this.connections.push({ urls, options })
    if (!this.busIsThere) return Promise.reject(new Error('no bus'))
    const bus = {
      subscribe: (topic: string, { onEvent }: { onEvent: OnEvent }) => {
        if (topic === STATS_TOPIC) this.onEvent = onEvent
      },
      close: () => Promise.resolve(),
    }
    return Promise.resolve(bus as unknown as Bus)
  }

  now(): number {
    return this.nowMs
  }

  every(_ms: number, run: () => void): () => void {
    this.look = run
    return () => {
      this.look = () => {}
    }
  }

  /** Half seconds, with what was begun in each done before the next. */
  async pass(ms: number, eachSecond: () => void = () => {}): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      this.nowMs += 500
      if (this.nowMs % 1000 === 0) eachSecond()
      this.look()
      await settle()
    }
  }
}

/** What was begun has come to its end: all of it are microtasks. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

class Heard {
  readonly stats_: Stats[] = []
  readonly states: FeedState['kind'][] = []
  readonly pasts: { points: number; stepS: number }[] = []
  stats(stats: Stats): void {
    this.stats_.push(stats)
  }
  past(points: readonly StatsPoint[], stepS: number): void {
    this.pasts.push({ points: points.length, stepS })
  }
  state({ kind }: FeedState): void {
    this.states.push(kind)
  }
}

function begin(world: World): { heard: Heard; feed: Feed } {
  const heard = new Heard()
  return { heard, feed: new Feed(world, heard) }
}

t.test('figures come over the bus', async (t) => {
  const world = new World()
  const { heard, feed } = begin(world)
  await settle()
  let second = 0
  await world.pass(10_000, () => world.onEvent({ value: fakeStats(++second) }))
  t.same(heard.states, ['live'])
  t.equal(heard.stats_.length, 10)
  t.same(world.connections[0].urls, ['ws://here:7400', 'wss://here:7443'])
  t.notOk(world.asked.includes('stats'), 'nothing is asked for that is told')
  world.onEvent({ value: fakeStats(10) })
  world.onEvent({ value: 'nonsense' })
  t.equal(heard.stats_.length, 10, 'neither the same again nor what is none')
  feed.close()
})

t.test(
  'where the bus asks who this is, a token of the admin port opens it, and a new one each time after',
  async (t) => {
    const world = new World()
    const directions = (token: unknown): void => {
      world.answers['dashboard.json'] = { bus: ['ws://here:7400'], token }
    }
    directions({ token: 'first', expiresInMs: 300_000 })
    const { feed } = begin(world)
    await settle()
    const give = world.connections[0].options.token as () => Promise<string>
    t.equal(await give(), 'first')
    directions({ token: 'second', expiresInMs: 300_000 })
    t.equal(await give(), 'second')
    directions({ token: 'third', expiresInMs: 300_000 })
    t.equal(await give(), 'third')
    directions(null)
    await t.rejects(give(), 'nobody is asked who they are any more')
    feed.close()
    const open = new World()
    const other = begin(open)
    await settle()
    t.notOk('token' in open.connections[0].options, 'where nobody is asked, nothing is shown')
    other.feed.close()
  },
)

t.test('a page that came over TLS uses the bus over TLS only', async (t) => {
  const world = new World()
  world.isSecure = true
  const { feed } = begin(world)
  await settle()
  t.same(world.connections[0].urls, ['wss://here:7443'])
  feed.close()
})

t.test('without a bus the admin port is asked, until the bus is there', async (t) => {
  const world = new World()
  world.busIsThere = false
  const { heard, feed } = begin(world)
  await settle()
  let second = 0
  await world.pass(9000, () => {
    world.answers.stats = fakeStats(++second)
  })
  t.same(heard.states, ['polling'])
  t.equal(feed.state.kind === 'polling' && feed.state.reason, 'no bus')
  t.ok(heard.stats_.length >= 5, 'about one a second')
  t.ok(world.connections.length >= 2, 'the bus is tried again')
  world.busIsThere = true
  await world.pass(6000, () => world.onEvent({ value: fakeStats(++second) }))
  t.same(heard.states, ['polling', 'live'])
  feed.close()
})

t.test('when nobody answers, it says so; when somebody does again, what was missed is asked for', async (t) => {
  const world = new World()
  const { heard, feed } = begin(world)
  await settle()
  let second = 0
  await world.pass(3000, () => world.onEvent({ value: fakeStats(++second) }))
  await world.pass(20_000)
  t.same(heard.states, ['live', 'silent'])
  world.asked.length = 0
  await world.pass(2000, () => world.onEvent({ value: fakeStats(++second) }))
  t.same(heard.states, ['live', 'silent', 'live'])
  t.match(
    world.asked.filter((path) => path.startsWith('stats/history')),
    [/^stats\/history\?seconds=2\d$/],
  )
  feed.close()
})

t.test('a stalled routing thread is told of by the admin port', async (t) => {
  const world = new World()
  const { heard, feed } = begin(world)
  await settle()
  world.onEvent({ value: fakeStats(1) })
  let second = 1
  await world.pass(5000, () => {
    world.answers.stats = fakeStats(++second)
  })
  t.same(heard.states, ['live', 'polling'])
  t.ok(heard.stats_.length > 1)
  feed.close()
})

t.test('a daemon that has begun anew counts anew', async (t) => {
  const world = new World()
  const { heard, feed } = begin(world)
  await settle()
  world.onEvent({ value: fakeStats(500) })
  const again = fakeStats(1)
  world.onEvent({ value: { ...again, server: { ...again.server, pid: 99 } } })
  t.equal(heard.stats_.length, 2)
  feed.close()
})

t.test('the past: the last minutes by the second, then the hour; of a young daemon only the former', async (t) => {
  const world = new World()
  world.answers['stats/history'] = { stepS: 1, points: Array.from({ length: 600 }, (_, i) => fakeStats(i)) }
  const { heard, feed } = begin(world)
  await settle()
  t.same(heard.pasts.length, 2)
  t.same(
    world.asked.filter((path) => path.startsWith('stats/history')),
    ['stats/history?seconds=600', 'stats/history?seconds=3600'],
  )
  feed.close()
  const young = new World()
  young.answers['stats/history'] = { stepS: 1, points: [fakeStats(1)] }
  const second = begin(young)
  await settle()
  t.same(second.heard.pasts, [{ points: 1, stepS: 1 }])
  second.feed.close()
})

t.test('after its end nothing is told', async (t) => {
  const world = new World()
  const { heard, feed } = begin(world)
  await settle()
  feed.close()
  world.onEvent({ value: fakeStats(1) })
  await world.pass(10_000)
  t.same(heard.stats_, [])
  t.same(heard.states, [])
})
