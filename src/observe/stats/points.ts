import type { Bottleneck, LaneStats, Percentiles, Stats, StatsPoint } from '../stats.js'

/** What of a Stats is kept. */
export function pointOf(stats: Stats): StatsPoint {
  const { at, rates, drops, lanes, stages, heat, pending, memory, loop, sessions, bottleneck, slos } = stats
  return {
    at,
    rates,
    drops: drops.filter(({ total }) => total > 0),
    lanes,
    stages,
    heat,
    pending,
    memory,
    loop,
    sessions,
    bottleneck: { limit: bottleneck.limit, share: bottleneck.share },
    slos: slos.map(({ name, budgetLeft, state }) => ({ name, budgetLeft, state })),
  }
}

/** Consecutive points as one: means of what is a rate, the worst of what hurts, the last of the rest. At least one is needed. */
export function mergePoints(points: readonly StatsPoint[]): StatsPoint {
  const last = points[points.length - 1]
  if (points.length === 1) return last
  return {
    ...last,
    rates: mapNumbers(last.rates, (key) => mean(points.map(({ rates }) => rates[key]))),
    // Totals grow, so that the last point has every reason that there is.
    drops: last.drops.map(({ reason, total }) => {
      const rates = points.map(({ drops }) => drops.find((drop) => drop.reason === reason)?.rate ?? 0)
      return { reason, rate: mean(rates), total }
    }),
    lanes: last.lanes.map((_, lane) => mergeLanes(points.map(({ lanes }) => lanes[lane]))),
    stages: {
      queue: worst(points.map(({ stages }) => stages.queue)),
      fanout: worst(points.map(({ stages }) => stages.fanout)),
      routing: worst(points.map(({ stages }) => stages.routing)),
      delivery: worst(points.map(({ stages }) => stages.delivery)),
    },
    heat: last.heat.map((_, bucket) => mean(points.map(({ heat }) => heat[bucket]))),
    pending: mapNumbers(last.pending, (key) => max(points.map(({ pending }) => pending[key]))),
    loop: mapNumbers(last.loop, (key) => max(points.map(({ loop }) => loop[key]))),
    bottleneck: mergeBottlenecks(points.map(({ bottleneck }) => bottleneck)),
  }
}

function mergeLanes(lanes: readonly LaneStats[]): LaneStats {
  return {
    lane: lanes[0].lane,
    rate: mean(lanes.map(({ rate }) => rate)),
    waiting: max(lanes.map(({ waiting }) => waiting)),
    routing: worst(lanes.map(({ routing }) => routing)),
    delivery: worst(lanes.map(({ delivery }) => delivery)),
  }
}

/** Of several percentiles the true one of all cannot be known, but it is at most the largest. */
function worst(all: readonly (Percentiles | null)[]): Percentiles | null {
  const some = all.filter((each) => each !== null)
  if (some.length === 0) return null
  return {
    ...mapNumbers(some[0], (key) => max(some.map((each) => each[key]))),
    count: some.reduce((sum, { count }) => sum + count, 0),
  }
}

/** What limited last, if anything did. */
function mergeBottlenecks(all: readonly StatsPoint['bottleneck'][]): Pick<Bottleneck, 'limit' | 'share'> {
  return all.findLast(({ limit }) => limit !== 'idle') ?? all[all.length - 1]
}

function mapNumbers<T extends object>(like: T, value: (key: keyof T) => number): T {
  return Object.fromEntries(Object.keys(like).map((key) => [key, value(key as keyof T)])) as T
}

const max = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value))

function mean(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0)
  return Number((sum / values.length).toPrecision(4))
}
