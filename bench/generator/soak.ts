import { wireNamed } from '../wires/index.js'
import { Churn } from './churn.js'
import type { Connection } from './connection.js'
import type { Prepared } from './flow.js'
import { InFlight } from './in-flight.js'
import type { Endpoint, SoakJob, SoakResult, StreamSpec, Tally, Target } from './job.js'
import { LoadMeter } from './load.js'
import { type OwnMetrics, ownMetrics } from './own-metrics.js'
import type { PacedPump } from './paced-pump.js'
import { deliveredOf, type Receiver, tally } from './receiver.js'
import { inParallel, makePumps, makeReceivers, openPublisher, openReceiver, openTo } from './setup.js'
import { Comers } from './soak-comers.js'
import { SoakSampler } from './soak-sampler.js'
import { SlowReader } from './soak-slow.js'
import { Turns } from './turns.js'

const POLL_MS = 50
/** Deliveries that have not come when nothing has come for so long are lost. */
const STILL_MS = 3000
const NO_LIMITS = { bytesMax: 0, eventsMax: 0 }
/** What the commands of the churn are about: topics that nobody publishes on, as nothing is looked at that comes to it. */
const CHURNED: StreamSpec = {
  topics: { prefix: 'churned.', digits: 4, suffix: '.x', count: 1000 },
  lane: 3,
  batch: 1,
  eventsPerSecond: 0,
}

/** A mix for as long as it is asked for, with a sample of the daemon every few seconds, and at the end all of its counters beside what was published and received. */
export async function runSoak({ target, soak, cores }: SoakJob, prepared: Prepared): Promise<SoakResult> {
  const { adminUrl, pid } = target
  if (adminUrl === null) throw new Error('only our daemon tells its own counters')
  const { book, wire, cycles, readBuffer } = prepared
  const { flow } = soak
  const endpoints = endpointsOf(target)
  const open: Connection[] = []
  const keep = <T extends Connection>(connection: T): T => {
    open.push(connection)
    return connection
  }
  const comers = new Comers(endpoints, soak.comers, book, readBuffer)
  let slow: SlowReader | null = null
  let churn: Churn | null = null
  let turns: Turns | null = null
  let sampler: SoakSampler | null = null
  try {
    const subscribers = await inParallel(flow.subscribers.length, async (i) =>
      keep(await openReceiver(endpoints[i % endpoints.length], readBuffer, flow.subscribers[i], NO_LIMITS)),
    )
    const publishers = await inParallel(flow.streams.length, async (i) =>
      keep(await openPublisher(endpoints[i % endpoints.length], readBuffer)),
    )
    for (const subscriber of subscribers) subscriber.oneReadATurn = true
    slow = await SlowReader.open(endpoints[0], soak.slow, book)
    keep(slow.connection)
    churn = new Churn(keep(await openTo(endpoints[0], readBuffer)), wire, CHURNED, flow.churnPerSecond)

    const inFlight = new InFlight(Number.POSITIVE_INFINITY)
    const pumps = makePumps(flow, book, cycles, publishers, inFlight) as PacedPump[]
    const receivers = makeReceivers(wire, flow, book, subscribers, inFlight)
    const before = await ownMetrics(adminUrl)
    const watched = new SoakSampler(adminUrl, pid)
    sampler = watched
    turns = new Turns(pumps)
    const startAt = performance.now()
    for (const pump of pumps) pump.start(startAt)
    watchLatency(flow.streams, pumps, receivers, (tookMs) => watched.record(tookMs))
    await watched.start(startAt, soak.sampleMs)
    comers.start()
    churn.start(startAt)
    turns.start()
    const meter = new LoadMeter(pid, cores)
    await passed(soak.lengthMs, () => open.find(({ failure }) => failure !== null)?.failure ?? null)
    const load = meter.until()
    turns.stop()
    churn.stop()
    await watched.stop()
    await comers.stop()

    for (const [i, publisher] of publishers.entries())
      await wireNamed(endpoints[i % endpoints.length].wire).sync(publisher)
    slow.hurry()
    const total = () => received(flow.streams, receivers) + (slow as SlowReader).check.delivered
    await quiet(total, STILL_MS)
    const after = await settled(adminUrl)
    const sums = sumsOf(flow.streams, pumps, receivers, comers)
    const slowly = { published: pumps[slow.stream].sent, delivered: slow.check.delivered, missed: slow.check.missed }
    const unread = after.delivered - before.delivered - total() - comers.received
    return {
      kind: 'soak',
      ...sums,
      ...load,
      samples: watched.samples,
      latency: watched.latency(pumps),
      deliveredPerSecond: ((sums.delivered + slowly.delivered) * 1000) / load.measuredMs,
      comers: comers.came,
      slow: slowly,
      unread,
      samplesMissed: watched.missed,
      problems: [...comers.failures, ...problemsOf(before, after, sums, slow, slowly, unread)],
    }
  } finally {
    turns?.stop()
    churn?.stop()
    slow?.stop()
    await sampler?.stop()
    await comers.stop()
    for (const connection of open) connection.close()
  }
}

/** Both of its ports, when it has two. */
function endpointsOf({ wire, port, tls, publish }: Target): Endpoint[] {
  const one = { wire, port, tls }
  return publish.port === port ? [one] : [one, publish]
}

/** Times of the streams whose events are sent one by one: an event of a batch is late by its place in it. */
function watchLatency(
  streams: readonly StreamSpec[],
  pumps: readonly PacedPump[],
  receivers: readonly Receiver[],
  record: (tookMs: number) => void,
): void {
  streams.forEach(({ batch }, i) => {
    if (batch > 1) return
    const pump = pumps[i]
    const onEvents = (first: number, count: number) => {
      const now = performance.now()
      for (let event = first; event < first + count; event++) record(now - pump.intendedAt(event))
    }
    for (const receiver of receivers) {
      const check = receiver.check(i)
      if (check !== null) check.onEvents = onEvents
    }
  })
}

/** Lets time pass, but ends at once when something fails. */
function passed(ms: number, failureOf: () => Error | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const endAt = performance.now() + ms
    const timer = setInterval(() => {
      const failure = failureOf()
      if (failure === null && performance.now() < endAt) return
      clearInterval(timer)
      if (failure === null) resolve()
      else reject(failure)
    }, POLL_MS)
  })
}

function received(streams: readonly StreamSpec[], receivers: readonly Receiver[]): number {
  return streams.reduce((sum, _, i) => sum + deliveredOf(receivers, i), 0)
}

/** Waits until a count has not changed for so long. */
async function quiet(count: () => number, stillMs: number): Promise<void> {
  let last = -1
  let movedAt = performance.now()
  while (performance.now() - movedAt < stillMs) {
    const now = count()
    if (now !== last) {
      last = now
      movedAt = performance.now()
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** The counters, once nothing is pending any more, or nothing has changed for long. */
async function settled(adminUrl: string): Promise<OwnMetrics> {
  const startAt = performance.now()
  for (;;) {
    const own = await ownMetrics(adminUrl)
    const isQuiet = own.pendingInLanes + own.pendingInOutboxes === 0
    if (isQuiet || performance.now() - startAt > STILL_MS) return own
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

function sumsOf(
  streams: readonly StreamSpec[],
  pumps: readonly PacedPump[],
  receivers: readonly Receiver[],
  comers: Comers,
): Tally {
  const sums: Tally = {
    published: 0,
    expected: 0,
    delivered: 0,
    lost: 0,
    missed: 0,
    doubled: 0,
    reordered: 0,
    notices: 0,
  }
  const keys = Object.keys(sums) as (keyof Tally)[]
  streams.forEach((_, i) => {
    const one = tally(receivers, i, pumps[i].sent)
    for (const key of keys) sums[key] += one[key]
  })
  sums.expected += comers.received + comers.lost + comers.missed
  sums.missed += comers.missed
  sums.delivered += comers.received
  sums.lost += comers.lost
  sums.doubled += comers.doubled
  sums.reordered += comers.reordered
  return sums
}

/** Every account that has to be exact, and what is wrong with it. */
function problemsOf(
  before: OwnMetrics,
  after: OwnMetrics,
  sums: Tally,
  slow: SlowReader,
  slowly: SoakResult['slow'],
  unread: number,
): string[] {
  const problems: string[] = []
  const count = (key: keyof OwnMetrics) => after[key] - before[key]
  const same = (what: string, one: number, other: number) => {
    if (one !== other) problems.push(`${what}: ${one} and ${other} differ`)
  }
  same('accepted by the daemon, and published', count('accepted'), sums.published)
  const ends = count('delivered') + count('dropped') + after.pendingInOutboxes
  same('deliveries due, and delivered + dropped + pending', count('due'), ends)
  same('pending at the end', after.pendingInLanes + after.pendingInOutboxes, 0)
  same(
    'published for the slow subscriber, and delivered + told as missed',
    slowly.published,
    slowly.delivered + slowly.missed,
  )
  if (slow.corrupt !== null) problems.push(`the slow subscriber received ${slow.corrupt}`)
  const { lost, doubled, reordered } = slow.check
  same('lost, doubled and reordered for the slow subscriber', lost + doubled + reordered, 0)
  if (unread < 0) problems.push(`${-unread} deliveries were received that the daemon did not count`)
  return problems
}
