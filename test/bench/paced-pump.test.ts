import t from 'tap'
import type { Connection } from '../../bench/generator/connection.js'
import { buildCycle } from '../../bench/generator/cycle.js'
import type { StreamSpec } from '../../bench/generator/job.js'
import { LatencyCounts } from '../../bench/generator/latency-counts.js'
import { PacedPump } from '../../bench/generator/paced-pump.js'
import { sluiceWire } from '../../bench/wires/sluice.js'

const BATCH = 4
const EVENTS = 1024
const SPEC: StreamSpec = {
  topics: { prefix: 't', digits: 0, suffix: '', count: 1 },
  lane: 3,
  batch: BATCH,
  eventsPerSecond: 4000,
}
const cycle = buildCycle(sluiceWire, SPEC, 0, EVENTS, 16)

/** A socket that takes everything, or nothing more after a write. */
function pump(chunkMessages = 100) {
  const socket = { takes: true, writes: [] as number[], drained: () => {} }
  const connection = {
    write(bytes: Uint8Array) {
      socket.writes.push(bytes.length / cycle.messageBytes)
      return socket.takes
    },
    onDrain(callback: () => void) {
      socket.drained = callback
    },
  } as unknown as Connection
  return { socket, paced: new PacedPump(connection, cycle, SPEC.eventsPerSecond, chunkMessages * cycle.messageBytes) }
}

const p99Ms = (counts: LatencyCounts) => counts.histogram().getValueAtPercentile(99) / 1e6

t.test('a message is due at its own time, and with it all of its events', async (t) => {
  const { paced, socket } = pump()
  paced.start(1000)
  t.ok(paced.turn(1000))
  paced.turn(1000.9)
  paced.turn(1001)
  t.same(socket.writes, [1, 1], 'one a millisecond')
  t.same(
    [0, 3, 4, 7, 8].map((event) => paced.intendedAt(event)),
    [1000, 1000, 1001, 1001, 1002],
  )
})

t.test('what was not sent in time is sent late, at the times it was meant to have', async (t) => {
  const { paced, socket } = pump(3)
  paced.start(0)
  paced.turn(0)
  paced.turn(10)
  t.same(socket.writes, [1, 3], 'no more than a chunk at a time')
  t.equal(paced.sent, 4 * BATCH)
  t.ok(p99Ms(paced.late) > 8.9 && p99Ms(paced.late) < 9.1, 'the second was due at 1, and came at 10')
  t.equal(p99Ms(paced.heldBack), 0)
  paced.forget()
  t.equal(p99Ms(paced.late), 0)
})

t.test('a socket that takes no more holds back, which is not the generator being late', async (t) => {
  const { paced, socket } = pump()
  const startAt = performance.now()
  paced.start(startAt)
  socket.takes = false
  paced.turn(startAt)
  t.same(socket.writes, [1])
  t.ok(paced.turn(startAt + 5), 'it goes on looking at the clock')
  t.same(socket.writes, [1], 'and writes nothing')
  while (performance.now() < startAt + 3) {}
  socket.takes = true
  socket.drained()
  const due = Math.floor(performance.now() - startAt)
  paced.turn(startAt + due)
  t.equal(paced.sent, (due + 1) * BATCH)
  t.ok(p99Ms(paced.heldBack) >= 2)
  t.ok(p99Ms(paced.late) < 0.01, 'what was due since was on time')
})

t.test('after the end only what was due before is sent', async (t) => {
  const { paced, socket } = pump()
  const startAt = performance.now() - 100
  paced.start(startAt)
  paced.turn(startAt)
  paced.end(startAt + 9.5)
  t.equal(paced.unsent, 9 * BATCH)
  t.notOk(paced.turn(startAt + 50), 'nothing more is to come')
  t.same(socket.writes, [1, 9])
  t.equal(paced.unsent, 0)
})

t.test('counts are known to a hundredth', async (t) => {
  const counts = new LatencyCounts()
  for (let ms = 1; ms <= 1000; ms++) counts.note(ms / 10, 3)
  const histogram = counts.histogram()
  t.equal(histogram.totalCount, 3000)
  for (const percentile of [50, 99, 99.9]) {
    const [is, should] = [histogram.getValueAtPercentile(percentile) / 1e6, percentile]
    t.ok(Math.abs(is / should - 1) < 0.01, `${is} ms at ${percentile}`)
  }
})
