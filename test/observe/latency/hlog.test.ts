import { type Histogram, HistogramLogReader, listTags } from 'hdr-histogram-js'
import t from 'tap'
import { LATENCY_BYTES, LatencyCounts, Stage } from '../../../src/core/latency.js'
import { LatencyHistory } from '../../../src/observe/latency/history.js'
import { histogramLog } from '../../../src/observe/latency/hlog.js'
import { allSeries } from '../../../src/observe/latency/series.js'

const START_MS = 1_700_000_000_000
const CLASSES = [{ name: 'orders', topics: 'orders.>' }]
const HOUR_MS = 3_600_000

/** 200 seconds of events in two lanes: what is older than two minutes comes in intervals of ten seconds. */
function history(): LatencyHistory {
  const latency = new LatencyCounts(new ArrayBuffer(LATENCY_BYTES))
  const made = new LatencyHistory(latency, CLASSES.length, START_MS)
  for (let second = 1; second <= 200; second++) {
    latency.note(Stage.DELIVERY, 3, 1, 0.1 * second, 10)
    latency.note(Stage.DELIVERY, 0, 0, 0.05, 3)
    latency.note(Stage.ROUTING, 3, 1, 0.02, 10)
    made.fold(START_MS + second * 1000)
  }
  return made
}

function read(log: string): Histogram[] {
  const reader = new HistogramLogReader(log, 64)
  const found: Histogram[] = []
  for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram()) found.push(next)
  return found
}

t.test('a log has what its format asks for, line by line', async (t) => {
  const log = await histogramLog(history(), allSeries(1), CLASSES, HOUR_MS)
  const lines = log.split('\n')
  t.equal(lines.pop(), '', 'the last line has an end')
  t.match(lines[0], /^#\[Logged by Sluice .*\]$/)
  t.equal(lines[1], '#[Histogram log format version 1.3]')
  t.equal(lines[2], '#[StartTime: 1700000000.000 (seconds since epoch), Tue, 14 Nov 2023 22:13:20 GMT]')
  t.equal(lines[3], '#[BaseTime: 1700000000.000 (seconds since epoch)]')
  t.equal(lines[4], '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"')
  const interval = /^(Tag=[^, \t]+,)?\d+\.\d{3},\d+\.\d{3},\d+\.\d{3},HISTF[A-Za-z0-9+/]+=*$/
  t.same(
    lines.slice(5).filter((line) => !interval.test(line)),
    [],
    'the others are intervals',
  )
  t.same(listTags(log).sort(), [
    'NO TAG',
    'delivery/class-orders',
    'delivery/lane-0',
    'delivery/lane-3',
    'routing',
    'routing/class-orders',
    'routing/lane-3',
  ])
})

t.test('HdrHistogram’s reader gets the same counts, times and percentiles out of it', async (t) => {
  const kept = history()
  const histograms = read(await histogramLog(kept, allSeries(1), CLASSES, HOUR_MS))
  const of = (wanted: string) => histograms.filter(({ tag }) => tag === wanted)
  const total = (tag: string) => of(tag).reduce((sum, { totalCount }) => sum + totalCount, 0)
  t.equal(total('NO TAG'), 200 * 13, 'without a tag: all deliveries')
  t.equal(total('delivery/lane-0'), 200 * 3)
  t.equal(total('delivery/lane-3'), 200 * 10)
  t.equal(total('delivery/class-orders'), 200 * 10)
  t.equal(total('routing'), 200 * 10)
  t.equal(total('queue'), 0)

  const lane = of('delivery/lane-3')
  t.equal(lane[0].startTimeStampMsec, START_MS)
  t.ok(
    lane.every(
      ({ startTimeStampMsec }, index) => index === 0 || startTimeStampMsec === lane[index - 1].endTimeStampMsec,
    ),
    'intervals follow each other',
  )
  t.equal(lane.at(-1)?.endTimeStampMsec, START_MS + 200_000)
  const last = lane.at(-1) as Histogram
  t.equal(last.endTimeStampMsec - last.startTimeStampMsec, 1000, 'the latest by the second')
  t.equal(lane[0].endTimeStampMsec - lane[0].startTimeStampMsec, 10_000, 'older ones in longer intervals')
  const merged = lane.reduce((sum, each) => {
    sum.add(each)
    return sum
  })
  const told = kept.percentiles({ stage: 'delivery', lane: 3 }, HOUR_MS)
  t.equal(merged.getValueAtPercentile(50) / 1e6, told?.p50Ms)
  t.equal(merged.getValueAtPercentile(99.9) / 1e6, told?.p999Ms)
  t.equal(merged.getValueAtPercentile(100) / 1e6, told?.maxMs)
  t.ok(Math.abs((told?.p50Ms ?? 0) - 10) < 0.15, `in nanoseconds: ${told?.p50Ms}`)
})

t.test('of one series alone, that one has no tag', async (t) => {
  const log = await histogramLog(history(), [{ stage: 'routing', lane: 3 }], CLASSES, 30_000)
  t.same(listTags(log), ['NO TAG'])
  t.equal(
    read(log).reduce((sum, { totalCount }) => sum + totalCount, 0),
    300,
    'of the last half minute',
  )
})

t.test('a log of nothing is a log', async (t) => {
  const nothing = new LatencyHistory(new LatencyCounts(new ArrayBuffer(LATENCY_BYTES)), 0, START_MS)
  const log = await histogramLog(nothing, allSeries(0), [], HOUR_MS)
  t.equal(read(log).length, 0)
  t.match(log, /StartTime/)
})
