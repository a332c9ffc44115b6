import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Bus, connect, UnconfirmedError } from '../../src/client/index.js'
import { Command } from '../helpers/command.js'
import { DaemonProcess, type Flags } from '../helpers/daemon.js'
import { TcpBalancer } from '../helpers/tcp-balancer.js'
import { until } from '../helpers/until.js'

const FLAGS: Flags = { 'shutdown.goaway_spread': '300ms', 'shutdown.handover': 'true' }
const BACKOFF = { backoffBaseMs: 10, backoffCapMs: 50 }
const BATCH = 50
/** A batch that is under way when a daemon is told to go. */
const BURST = 20_000
/** Confirmed by each publisher between two restarts, at least. */
const EVENTS_BETWEEN = 500
/** Between batches: what is in flight matters here, not how much there is. */
const PAUSE_MS = 1
const isLong = process.env.SLUICE_LONG === '1'
/** Each way for each daemon with SLUICE_LONG=1; else one after the other, each way once. */
const RESTARTS = isLong ? 6 : 3

t.setTimeout(180_000)

/** Publishes numbers in batches, and takes a batch for done when `sync` says so; what is in doubt is published again. */
class Publisher {
  readonly confirmed = new Set<number>()
  /** Times that a sync left events in doubt, and how many. */
  doubts = 0
  inDoubt = 0
  private batch = BATCH
  private isStopped = false
  private readonly work: Promise<void>

  constructor(
    readonly bus: Bus,
    private readonly topic: string,
  ) {
    this.work = this.run()
  }

  private async run(): Promise<void> {
    let first = 0
    while (!this.isStopped) {
      await sleep(PAUSE_MS)
      const numbers = Array.from({ length: this.batch }, (_, i) => first + i)
      this.batch = BATCH
      first += numbers.length
      while (!(await this.publish(numbers)));
      for (const number of numbers) this.confirmed.add(number)
    }
  }

  private async publish(numbers: readonly number[]): Promise<boolean> {
    for (const number of numbers) this.bus.publish(this.topic, number)
    try {
      await this.bus.sync()
      return true
    } catch (error) {
      if (!(error instanceof UnconfirmedError)) throw error
      this.doubts++
      this.inDoubt += error.count
      return false
    }
  }

  /** The next batch is a large one. */
  burst(): void {
    this.batch = BURST
  }

  async stop(): Promise<void> {
    this.isStopped = true
    await this.work
    await this.bus.close()
  }
}

/** One daemon of two, always on the same port, with a subscriber of its own that knows no other. */
class Place {
  readonly received: ReadonlyMap<string, Set<number>>

  private constructor(
    private daemon: DaemonProcess,
    subscriber: Bus,
    topics: readonly string[],
  ) {
    this.received = new Map(topics.map((topic) => [topic, new Set<number>()]))
    subscriber.subscribe<number>('numbers.>', { onEvent: ({ topic, value }) => this.received.get(topic)?.add(value) })
  }

  static async open(t: Test, topics: readonly string[]): Promise<Place> {
    const daemon = await DaemonProcess.start(t, FLAGS)
    const subscriber = await connect(daemon.url, BACKOFF)
    t.teardown(() => subscriber.close())
    const place = new Place(daemon, subscriber, topics)
    await place.subscribed()
    return place
  }

  get url(): string {
    return this.daemon.url
  }

  get port(): number {
    return this.daemon.port
  }

  get adminUrl(): string {
    return this.daemon.adminUrl
  }

  subscribed(): Promise<void> {
    return until('the subscriber is there', async () => (await this.daemon.scrape()).get('sluice_subscriptions') === 1)
  }

  /** Has it go by whatever means, and starts it again. */
  async restart(t: Test, go: (daemon: DaemonProcess) => unknown): Promise<{ lostAtStop: unknown }> {
    const { daemon } = this
    const port = String(this.port)
    const admin = new URL(daemon.adminUrl).port
    await go(daemon)
    t.same(await daemon.exited, { code: 0, signal: null })
    const stopped = daemon.logs.at(-1) as unknown as { lostAtStop: unknown }
    this.daemon = await DaemonProcess.start(t, { ...FLAGS, 'listen.port': port, 'admin.port': admin })
    await this.subscribed()
    return stopped
  }
}

interface Way {
  readonly name: string
  readonly go: (t: Test, daemon: DaemonProcess) => unknown
}

const WAYS: readonly Way[] = [
  { name: 'SIGTERM, which hands over', go: (_, daemon) => daemon.signal('SIGTERM') },
  { name: 'sluice drain --no-handover', go: (t, daemon) => drain(t, daemon, '--no-handover') },
  { name: 'sluice drain --handover', go: (t, daemon) => drain(t, daemon, '--handover') },
]

async function drain(t: Test, { adminUrl }: DaemonProcess, option: string): Promise<void> {
  const { code, lines, stderr } = await Command.run(t, ['drain', option, '--wait', '--admin', adminUrl])
  t.equal(code, 0, stderr)
  t.match(lines, [/^draining: \d of \d sessions left/, /^gone after /])
}

t.test('two daemons restarted in turn under load: nothing is lost that a sync has confirmed', async (t) => {
  const topics = ['numbers.listed', 'numbers.balanced']
  const places = await Promise.all([Place.open(t, topics), Place.open(t, topics)])
  const balancer = await TcpBalancer.open(places.map(({ port }) => port))
  t.teardown(() => balancer.close())
  const publishers = [
    new Publisher(
      await connect(
        places.map(({ url }) => url),
        BACKOFF,
      ),
      topics[0],
    ),
    new Publisher(await connect(balancer.url, BACKOFF), topics[1]),
  ]
  const wayOf = (restart: number): Way => WAYS[(isLong ? Math.floor(restart / 2) : restart) % WAYS.length]
  for (let restart = 0; restart < RESTARTS; restart++) {
    const goals = publishers.map(({ confirmed }) => confirmed.size + EVENTS_BETWEEN)
    await until('events flow', () => publishers.every(({ confirmed }, i) => confirmed.size >= goals[i]))
    const { name, go } = wayOf(restart)
    for (const publisher of publishers) publisher.burst()
    const { lostAtStop } = await places[restart % places.length].restart(t, (daemon) => go(t, daemon))
    t.equal(lostAtStop, 0, name)
  }
  for (const publisher of publishers) await publisher.stop()

  const receivedAt = (topic: string, number: number): boolean =>
    places.some(({ received }) => received.get(topic)?.has(number))
  for (const [i, { confirmed, doubts, inDoubt, bus }] of publishers.entries()) {
    const topic = topics[i]
    const missing = (): number[] => [...confirmed].filter((number) => !receivedAt(topic, number))
    await until('the last ones arrive', () => missing().length === 0).catch(() => {})
    t.same(missing().slice(0, 20), [], `${topic}: all ${confirmed.size} that were confirmed have arrived`)
    const { accepted, refused, dropped, lost } = bus.counts
    t.same({ refused, dropped }, { refused: 0, dropped: 0 })
    t.equal(lost, inDoubt, 'what was in doubt was told, and published again')
    const counts = places.map(({ received }) => received.get(topic)?.size)
    t.comment(
      `${topic}: ${accepted} accepted, ${doubts} syncs in doubt with ${inDoubt} events; received ${counts.join(' and ')}`,
    )
    t.ok(
      counts.every((count) => count !== undefined && count > 0),
      'both daemons had their part',
    )
  }
})
