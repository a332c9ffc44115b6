import { HistogramLogReader } from 'hdr-histogram-js'
import t from 'tap'
import { connect } from '../../../src/client/index.js'
import type { LatencyAnswer } from '../../../src/observe/latency/part.js'
import { daemonHere } from '../../helpers/daemon.js'
import { until } from '../../helpers/until.js'

const EVENTS = 500

/** Publishes in lane 2 and waits until all has come. */
async function exchange(url: string): Promise<void> {
  const bus = await connect(url)
  let received = 0
  await bus.subscribe('orders.>', { onEvent: () => void received++ }).ready
  for (let i = 0; i < EVENTS; i++) bus.publish('orders.created', i, { lane: 2 })
  await until('all events', () => received === EVENTS)
  await bus.close()
}

t.test('a daemon tells how long what went through it took', async (t) => {
  const daemon = await daemonHere(t)
  await exchange(daemon.url)
  const told = async (): Promise<LatencyAnswer> =>
    (await (await fetch(`${daemon.adminUrl}/latency?window=1m&lane=2`)).json()) as LatencyAnswer
  await until('the second to be over', async () => (await told()).windows[0].series.length === 4)
  const { windows } = await told()
  t.same(
    windows[0].series.map(({ name, count }) => [name, count]),
    ['queue', 'fanout', 'routing', 'delivery'].map((stage) => [`${stage}/lane-2`, EVENTS]),
  )
  const [queue, , routing, delivery] = windows[0].series
  t.ok(routing.p50Ms >= queue.p50Ms && delivery.p99Ms >= routing.p50Ms, 'the whole is no less than its part')
  t.ok(windows[0].series.every(({ p50Ms, p99Ms, maxMs }) => p50Ms > 0 && p50Ms <= p99Ms && p99Ms <= maxMs))

  const log = await (await fetch(`${daemon.adminUrl}/latency.hlog?stage=delivery`)).text()
  const reader = new HistogramLogReader(log, 64)
  const counts = new Map<string, number>()
  for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram()) {
    counts.set(next.tag, (counts.get(next.tag) ?? 0) + next.totalCount)
  }
  t.same(
    [...counts],
    [
      ['NO TAG', EVENTS],
      ['delivery/lane-2', EVENTS],
    ],
  )
})

t.test('a daemon that times nothing says so by having nothing to tell', async (t) => {
  const daemon = await daemonHere(t, { 'observe.latency': 'false' })
  await exchange(daemon.url)
  const response = await fetch(`${daemon.adminUrl}/latency`)
  const { windows } = (await response.json()) as LatencyAnswer
  t.same(
    windows.map(({ series }) => series),
    [[], [], [], []],
  )
})
