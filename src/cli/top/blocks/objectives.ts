import { BURN_WINDOWS, type SloStats } from '../../../observe/stats.js'
import { bar } from '../bars.js'
import type { Block } from '../block.js'
import { count, factor, objective, percent, short, time } from '../figures.js'
import { Rank } from '../rank.js'
import { type Line, span, type Tone } from '../spans.js'
import { type Column, table } from '../table.js'
import { clipped, visible } from '../text.js'
import type { Seen } from '../view.js'

const STATE_TONES: Readonly<Record<SloStats['state'], Tone>> = { ok: 'green', ticket: 'yellow', page: 'red' }
/** Columns of a bar, in a terminal that is wide, and in one that is not. */
const BAR_WIDTHS = [12, 6] as const
const WIDE = 110
const FEW = 3

/** The worst first; of those that are well, the one with the least of its budget left. */
function byNeed(a: SloStats, b: SloStats): number {
  const states = Object.keys(STATE_TONES)
  return states.indexOf(b.state) - states.indexOf(a.state) || a.budgetLeft - b.budgetLeft
}

/** What is promised, how much of the budget for breaking it is left, and how fast it goes. */
export function objectives({ stats }: Seen, width: number): Block {
  const rows = [...stats.slos].sort(byNeed)
  const barWidth = BAR_WIDTHS[width >= WIDE ? 0 : 1]
  const columns: Column<SloStats>[] = [
    {
      title: 'objective',
      align: 'left',
      rank: 0,
      least: 10,
      most: 40,
      cell: ({ name }, own) => span(clipped(visible(name), own)),
    },
    {
      title: 'state',
      align: 'left',
      rank: 0,
      least: 6,
      cell: ({ state }) => span(state.toUpperCase(), STATE_TONES[state]),
    },
    {
      title: 'promise',
      align: 'left',
      rank: 3,
      cell: ({ stage, thresholdMs, objective: share }) =>
        span(`${objective(share)} ${stage} ≤ ${short(time(thresholdMs))}`, 'dim'),
    },
    {
      title: 'budget left',
      align: 'right',
      rank: 0,
      cell: ({ budgetLeft, state }) => [
        ...bar(budgetLeft, barWidth, STATE_TONES[state]),
        span(` ${percent(budgetLeft).padStart(4)}`, STATE_TONES[state]),
      ],
    },
    ...BURN_WINDOWS.map(
      (window, index): Column<SloStats> => ({
        title: window,
        group: 'burn',
        align: 'right',
        rank: index % 2 === 0 ? 1 : 2,
        least: 4,
        cell: ({ burn }) => span(factor(burn[window]), burn[window] > 1 ? 'yellow' : 'plain'),
      }),
    ),
    {
      title: 'late',
      align: 'right',
      rank: 8,
      cell: ({ good, total }) => span(`${count(total - good)} of ${count(total)}`),
    },
    { title: 'over', align: 'right', rank: 9, cell: ({ windowDays }) => span(`${windowDays}d`, 'dim') },
    {
      title: 'topics',
      align: 'left',
      rank: 10,
      most: 30,
      cell: ({ topics }, own) => span(clipped(visible(topics), own), 'dim'),
    },
  ]
  const draw = (height: number): Line[] => {
    const shown = rows.slice(0, height - 1)
    return table(columns, shown, width)
  }
  if (rows.length === 0) return { steps: [], draw }
  const broken = rows.filter(({ state }) => state !== 'ok').length
  return {
    steps: [
      [2, Rank.OBJECTIVE],
      [1 + broken, Rank.OBJECTIVES_BROKEN],
      [1 + Math.min(rows.length, Math.max(broken, FEW)), Rank.OBJECTIVES],
      [1 + rows.length, Rank.OBJECTIVES_ALL],
    ],
    draw,
  }
}
