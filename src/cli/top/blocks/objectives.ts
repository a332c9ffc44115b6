import { BURN_WINDOWS, type SloStats } from '../../../observe/stats.js'
import { bar } from '../bars.js'
import type { Block } from '../block.js'
import { count, factor, objective, percent, time } from '../figures.js'
import { type Line, padded, span, type Tone, widthOf } from '../spans.js'
import { type Column, table } from '../table.js'
import { clipped, visible } from '../text.js'
import type { Seen } from '../view.js'

const STATE_TONES: Readonly<Record<SloStats['state'], Tone>> = { ok: 'green', ticket: 'yellow', page: 'red' }
const BAR_WIDTH_MAX = 30
const BAR_WIDTH_MIN = 6

/** The worst first; of those that are well, the one with the least of its budget left. */
function byNeed(a: SloStats, b: SloStats): number {
  const states = Object.keys(STATE_TONES)
  return states.indexOf(b.state) - states.indexOf(a.state) || a.budgetLeft - b.budgetLeft
}

/** What is promised, how much of the budget for breaking it is left, and how fast it goes. */
export function objectives({ stats }: Seen, width: number): Block {
  const rows = [...stats.slos].sort(byNeed)
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
        span(`${objective(share)} ${stage} ≤ ${time(thresholdMs)}`, 'dim'),
    },
    {
      title: 'left',
      align: 'right',
      rank: 0,
      least: 4,
      cell: ({ budgetLeft, state }) => span(percent(budgetLeft), STATE_TONES[state]),
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
    { title: 'late', align: 'right', rank: 8, least: 5, cell: ({ good, total }) => span(count(total - good)) },
    { title: 'of', align: 'right', rank: 8, least: 5, cell: ({ total }) => span(count(total)) },
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
    return withBars(table(columns, shown, width), shown, width)
  }
  return { rank: 4, least: 2, most: rows.length === 0 ? 0 : 1 + rows.length, draw }
}

/** What width the table has left draws what is left of the budget. */
function withBars(lines: readonly Line[], rows: readonly SloStats[], width: number): Line[] {
  const widest = Math.max(...lines.map(widthOf))
  const barWidth = Math.min(BAR_WIDTH_MAX, width - widest - 2)
  if (barWidth < BAR_WIDTH_MIN) return [...lines]
  return lines.map((line, index) => {
    const row = rows[index - 1]
    const drawn =
      row === undefined ? [span('budget left', 'dim')] : bar(row.budgetLeft, barWidth, STATE_TONES[row.state])
    return barWidth < 'budget left'.length && row === undefined ? line : [...padded(line, widest + 2), ...drawn]
  })
}
