import type { Percentiles, Stats } from '../../observe/stats.js'
import { cells, find, make, Rows, setText } from '../dom.js'
import { LIST_MAX } from '../feed/read-stats.js'
import { latency } from '../format.js'
import { PERCENTILES, percentile, type StageName } from '../history/columns.js'
import type { Moment, Panel } from './panel.js'

interface Line {
  readonly name: string
  readonly about: string
  readonly percentiles: Percentiles | null
}

const ABOUT: readonly (readonly [StageName, string, string])[] = [
  ['queue', 'Queue', 'accepted to taken out of its lane'],
  ['fanout', 'Fan-out', 'taken out of its lane to written'],
  ['routing', 'Routing', 'accepted to written or parked'],
  ['delivery', 'Delivery', 'accepted to out of our buffers'],
]

/** Percentiles of the last second, by stage and by class of topics. */
export class StagesPanel implements Panel {
  private readonly rows = new Rows<Line>(find('#stage-rows', HTMLElement), makeRow, LIST_MAX)

  update({ stats }: Moment): void {
    this.rows.update([
      ...ABOUT.map(([stage, name, about]) => ({ name, about, percentiles: stats.stages[stage] })),
      ...stats.classes.map(classLine),
    ])
  }
}

function classLine({ name, topics, delivery }: Stats['classes'][number]): Line {
  return { name, about: `${topics}, delivery`, percentiles: delivery }
}

function makeRow() {
  const { row, cells: made } = cells(1 + PERCENTILES.length, true)
  const name = make('span', { class: 'foreign' })
  const about = make('span', { class: 'sub foreign' })
  made[0].append(name, about)
  for (const cell of made.slice(1)) cell.classList.add('n')
  return {
    element: row,
    update: (line: Line) => {
      setText(name, line.name)
      setText(about, line.about)
      for (const [i, which] of PERCENTILES.entries()) setText(made[i + 1], latency(percentile(line.percentiles, which)))
    },
  }
}
