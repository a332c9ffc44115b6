import type { LaneStats, Percentiles } from '../../../observe/stats.js'
import { STAGE_NAMES, type StageName } from '../../../observe/stats.js'
import type { Block } from '../block.js'
import { count, time } from '../figures.js'
import { Rank } from '../rank.js'
import { fitting, type Line, type Span, span } from '../spans.js'
import { type Column, table } from '../table.js'
import { clipped, visible } from '../text.js'
import type { Seen } from '../view.js'

const LANES_LEAST = 3

function figure(percentiles: Percentiles | null, key: Exclude<keyof Percentiles, 'count'>): Span {
  return percentiles === null ? span('–', 'dim') : span(time(percentiles[key]))
}

interface Shown {
  readonly key: Exclude<keyof Percentiles, 'count'>
  readonly title: string
  /** 0 stays longest. */
  readonly rank: number
}

const PERCENTILES: readonly Shown[] = [
  { key: 'p50Ms', title: 'p50', rank: 2 },
  { key: 'p90Ms', title: 'p90', rank: 5 },
  { key: 'p99Ms', title: 'p99', rank: 0 },
  { key: 'p999Ms', title: 'p99.9', rank: 1 },
  { key: 'maxMs', title: 'max', rank: 4 },
]

/** Columns of one stage. */
function percentileColumns<Row>(
  stage: string,
  of: (row: Row) => Percentiles | null,
  rank: number,
  keys: readonly Shown['key'][] = PERCENTILES.map(({ key }) => key),
): Column<Row>[] {
  return PERCENTILES.filter(({ key }) => keys.includes(key)).map(({ key, title, rank: own }) => ({
    title,
    ...(stage !== '' && { group: stage }),
    align: 'right',
    rank: rank + own,
    least: 6,
    cell: (row) => figure(of(row), key),
  }))
}

function isActive({ rate, waiting, delivery }: LaneStats): boolean {
  return rate > 0 || waiting > 0 || delivery !== null
}

const LANE_COLUMNS: readonly Column<LaneStats>[] = [
  {
    title: 'lane',
    align: 'right',
    rank: 0,
    cell: (lane) => span(String(lane.lane), isActive(lane) ? 'bold' : 'dim'),
  },
  {
    title: 'rate/s',
    align: 'right',
    rank: 0,
    least: 6,
    cell: ({ rate }) => span(count(rate), rate > 0 ? 'plain' : 'dim'),
  },
  {
    title: 'waiting',
    align: 'right',
    rank: 1,
    cell: ({ waiting }) => span(count(waiting), waiting > 0 ? 'yellow' : 'dim'),
  },
  ...percentileColumns<LaneStats>('routing', ({ routing }) => routing, 10),
  ...percentileColumns<LaneStats>('delivery', ({ delivery }) => delivery, 12),
]

/** Rates and latency of each lane; where there is not room for all, those that carry or hold most. */
export function lanes({ stats }: Seen, width: number): Block {
  const all = stats.lanes
  const needed = Math.max(LANES_LEAST, all.filter(isActive).length)
  const draw = (height: number): Line[] => {
    const room = height - 1
    const kept = new Set([...all].sort(byWeight).slice(0, room))
    return table(
      LANE_COLUMNS,
      all.filter((lane) => kept.has(lane)),
      width,
    )
  }
  return {
    steps: [
      [1 + Math.min(needed, LANES_LEAST), Rank.LANES],
      [1 + needed, Rank.LANES_ACTIVE],
      [1 + all.length, Rank.LANES_ALL],
    ],
    draw,
  }
}

function byWeight(a: LaneStats, b: LaneStats): number {
  return Number(isActive(b)) - Number(isActive(a)) || b.waiting - a.waiting || b.rate - a.rate || a.lane - b.lane
}

interface LaneStage {
  readonly lane: number
  readonly stage: 'routing' | 'delivery'
  readonly rate: number
  readonly percentiles: Percentiles | null
}

/** Every lane and stage with every percentile: a page of its own. */
export function laneDetail({ stats }: Seen, width: number): Block {
  const rows = stats.lanes.flatMap(({ lane, rate, routing, delivery }): LaneStage[] => [
    { lane, stage: 'routing', rate, percentiles: routing },
    { lane, stage: 'delivery', rate, percentiles: delivery },
  ])
  const columns: Column<LaneStage>[] = [
    {
      title: 'lane',
      align: 'right',
      rank: 0,
      cell: ({ lane, stage }) => span(stage === 'routing' ? String(lane) : ''),
    },
    {
      title: 'rate/s',
      align: 'right',
      rank: 1,
      least: 6,
      cell: ({ rate, stage }) => span(stage === 'routing' ? count(rate) : ''),
    },
    { title: 'stage', align: 'left', rank: 0, cell: ({ stage }) => span(stage) },
    {
      title: 'count',
      align: 'right',
      rank: 1,
      least: 6,
      cell: ({ percentiles }) => (percentiles === null ? span('–', 'dim') : span(count(percentiles.count))),
    },
    ...percentileColumns<LaneStage>('', ({ percentiles }) => percentiles, 2),
  ]
  const active = (height: number): LaneStage[] =>
    rows.length < height ? rows : rows.filter(({ percentiles, rate }) => percentiles !== null || rate > 0)
  const draw = (height: number): Line[] => table(columns, active(height), width).slice(0, height)
  return {
    steps: [
      [3, Rank.LANES],
      [1 + rows.length / 2, Rank.LANES],
      [1 + rows.length, Rank.LANES],
    ],
    draw,
  }
}

interface Series {
  readonly name: string
  readonly says: string
  readonly percentiles: Percentiles | null
}

const STAGE_SAYS: Readonly<Record<StageName, string>> = {
  queue: 'in a lane',
  fanout: 'lane to link',
  routing: 'accepted to link',
  delivery: 'accepted to out of our buffers',
}

/** Where the time goes: in one line, or as a table where there is room. */
export function stages({ stats }: Seen, width: number): Block {
  const rows: Series[] = STAGE_NAMES.map((name) => ({ name, says: STAGE_SAYS[name], percentiles: stats.stages[name] }))
  const columns: Column<Series>[] = [
    { title: 'stage', align: 'left', rank: 0, least: 8, cell: ({ name }) => span(name) },
    ...percentileColumns<Series>('', ({ percentiles }) => percentiles, 1),
    {
      title: 'count',
      align: 'right',
      rank: 8,
      least: 6,
      cell: ({ percentiles }) => (percentiles === null ? span('–', 'dim') : span(count(percentiles.count))),
    },
    { title: '', align: 'left', rank: 20, cell: ({ says }) => span(says, 'dim') },
  ]
  const draw = (height: number): Line[] => {
    if (height > rows.length) return table(columns, rows, width)
    const parts = rows.map(({ name, percentiles }): Line => [span(`${name} `, 'dim'), figure(percentiles, 'p99Ms')])
    return [fitting([[span('p99 of stages:', 'dim')], ...parts], width)]
  }
  return {
    steps: [
      [1, Rank.STAGES],
      [1 + rows.length, Rank.STAGES_TABLE],
    ],
    draw,
  }
}

/** Classes of topics that the operator has configured. */
export function classes({ stats }: Seen, width: number): Block {
  type Class = (typeof stats.classes)[number]
  const columns: Column<Class>[] = [
    {
      title: 'class',
      align: 'left',
      rank: 0,
      least: 8,
      most: 30,
      cell: ({ name }, own) => span(clipped(visible(name), own)),
    },
    ...percentileColumns<Class>('routing', ({ routing }) => routing, 10, ['p50Ms', 'p99Ms', 'p999Ms']),
    ...percentileColumns<Class>('delivery', ({ delivery }) => delivery, 12, ['p50Ms', 'p99Ms', 'p999Ms']),
    {
      title: 'topics',
      align: 'left',
      rank: 30,
      most: 40,
      cell: ({ topics }, own) => span(clipped(visible(topics), own), 'dim'),
    },
  ]
  const { length } = stats.classes
  const draw = (height: number): Line[] => table(columns, stats.classes.slice(0, height - 1), width)
  if (length === 0) return { steps: [], draw }
  return {
    steps: [
      [2, Rank.CLASSES],
      [1 + length, Rank.CLASSES],
    ],
    draw,
  }
}
