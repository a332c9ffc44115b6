import t from 'tap'
import type { Sample } from '../../../src/observe/sample.js'
import { StatusPart, statusLine } from '../../../src/observe/status/part.js'
import { NOTHING, sampleWith } from '../../helpers/samples.js'

const busy = (atMs: number): Sample =>
  sampleWith({ atMs, core: { accepted: atMs * 120 }, transports: { connections: { listen: 800, http2: 12 } } })

t.test('rate, connections and latency in a line', async (t) => {
  t.equal(statusLine(busy(5000), NOTHING, 0.2149), 'taking 120,000 events/s, 812 connections, p99 0.21 ms')
  const one = sampleWith({ transports: { connections: { listen: 1 } } }, busy(0))
  t.equal(statusLine(one, one, null), 'taking 0 events/s, 1 connection', 'two samples of one moment')
  t.equal(statusLine({ ...busy(0), phase: 'draining' }, NOTHING, null), 'draining: taking 0 events/s, 812 connections')
  t.equal(
    statusLine({ ...busy(0), isOverloaded: true }, NOTHING, null),
    'overloaded: taking 0 events/s, 812 connections',
  )
})

t.test('told at once and then every five seconds, of the time since it was told last', async (t) => {
  const lines: string[] = []
  const asked: number[] = []
  const history = {
    percentiles: (_: unknown, windowMs: number) => {
      asked.push(windowMs)
      return null
    },
  }
  const part = new StatusPart({ status: (line) => lines.push(line) }, history)
  for (let second = 1; second <= 12; second++) {
    // Timers are never early by much.
    part.tick(busy(second * 1000 - (second % 3)), busy((second - 1) * 1000), true)
  }
  t.equal(lines.length, 3)
  t.ok(lines.every((line) => line === 'taking 120,000 events/s, 812 connections'))
  t.same(asked, [5000, 5000, 5000])
  part.tick(busy(60_000), busy(59_000), false)
  t.equal(lines.length, 3, 'nothing of a routing thread that stands still')
})

t.test('nobody asked', async (t) => {
  const part = new StatusPart({}, { percentiles: () => t.fail('looked at') as never })
  part.tick(busy(1000), NOTHING, true)
  t.same(part.routes, [])
})
