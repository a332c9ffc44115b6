import { encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'
import { version } from '../../base/package.js'
import type { TopicClass } from '../settings.js'
import { latencyHistogram, refill } from './hdr.js'
import type { LatencyHistory } from './history.js'
import { type Series, seriesName } from './series.js'

const FORMAT_VERSION = '1.3'
/** As jHiccup has it, which the tools go by: values are nanoseconds, the column of maxima is milliseconds. */
const NS_PER_MS = 1e6
/** A line takes about a fifth of a millisecond to make: after so many, other requests have their turn. */
const LINES_PER_TURN = 32

/**
 * A log of interval histograms as HdrHistogram's own tools read it (HistogramLogProcessor, HistogramLogAnalyzer, plotters): values in nanoseconds, one line for
 * each interval and series that has any. They are tagged by their names, such as `routing/lane-3`; one has no tag, since that is what tools take unless told
 * otherwise: delivery over all lanes, or else the first. What is long ago comes in longer intervals.
 */
export async function histogramLog(
  history: LatencyHistory,
  series: readonly Series[],
  classes: readonly TopicClass[],
  windowMs: number,
): Promise<string> {
  const intervals = history.finestIntervals(windowMs)
  const baseMs = intervals[0]?.startMs ?? 0
  const histogram = latencyHistogram()
  const untagged = series.find((each) => seriesName(each, classes) === 'delivery') ?? series[0]
  const lines = heading(baseMs, seriesName(untagged, classes))
  for (const interval of intervals) {
    for (const each of series) {
      refill(histogram, history.countsOf(each, [interval]))
      if (histogram.totalCount === 0) continue
      const tag = each === untagged ? '' : `Tag=${seriesName(each, classes)},`
      lines.push(tag + intervalLine(histogram, interval.startMs - baseMs, interval.endMs - interval.startMs))
      if (lines.length % LINES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return `${lines.join('\n')}\n`
}

function heading(baseMs: number, untagged: string): string[] {
  const seconds = (baseMs / 1000).toFixed(3)
  return [
    `#[Logged by Sluice ${version()}: latencies in ns by stage and lane or class of topics; without a tag: ${untagged}]`,
    `#[Histogram log format version ${FORMAT_VERSION}]`,
    `#[StartTime: ${seconds} (seconds since epoch), ${new Date(baseMs).toUTCString()}]`,
    `#[BaseTime: ${seconds} (seconds since epoch)]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
  ]
}

function intervalLine(histogram: Histogram, startMs: number, lengthMs: number): string {
  const seconds = [startMs, lengthMs].map((ms) => (ms / 1000).toFixed(3)).join(',')
  return `${seconds},${(histogram.getValueAtPercentile(100) / NS_PER_MS).toFixed(3)},${encodeIntoCompressedBase64(histogram)}`
}
