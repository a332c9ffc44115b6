import { costOfScraping, unlost } from '../report/floors.js'
import { flow, flowCase, latency, NEEDS_BACKLOG, rate, stream, subscriber } from './build.js'
import type { Case, Scenario } from './scenario.js'

const TOPIC = 'bench.one'
const PACED_PER_SECOND = 1_000_000
const PROBE_TOPIC = 'bench.probe'
const PROBES_PER_SECOND = 5000
const SCRAPE_EVERY_MS = 1000
/** What a scrape a second may move the 99.9th percentile by. */
const MOVED_MAX = 0.1

const paced = flow([stream(TOPIC, 64, { eventsPerSecond: PACED_PER_SECOND })], [subscriber([TOPIC], [0])])
// In the lane of the flood, on connections of its own: how long somebody's events take while the daemon is used up.
const saturated = flow(
  [stream(PROBE_TOPIC, 1, { eventsPerSecond: PROBES_PER_SECOND }), stream(TOPIC, 64)],
  [subscriber([PROBE_TOPIC], [0]), subscriber([TOPIC], [1])],
  { chunkBytesMax: 64 * 1024 },
)

const LOADS = [
  ['1 M/s', paced],
  ['as fast as it goes', saturated],
] as const

function casesOf([name, spec]: (typeof LOADS)[number]): Case[] {
  const quiet = flowCase(name, spec, (streams) => ({ ...latency(streams), ...rate(streams) }))
  return [quiet, { ...quiet, variant: `${name}, scraped`, scrapeEveryMs: SCRAPE_EVERY_MS }]
}

export const scrapeCost: Scenario = {
  name: 'scrape-cost',
  title: 'latency in a firehose (64 a frame) with a scrape of /metrics each second, and with none',
  group: 'observe',
  ours: ['sluice'],
  peers: [],
  need: NEEDS_BACKLOG,
  cases: LOADS.flatMap(casesOf),
  floors: [...LOADS.map(([name]) => costOfScraping('p99.9', name, MOVED_MAX)), unlost()],
}
