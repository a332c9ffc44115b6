import { type Line, padded, rightAligned, type Span, span, widthOf } from './spans.js'
import { columnsOf } from './text.js'

export interface Column<Row> {
  readonly title: string
  /** Columns of one group stand together; the first that is shown has the group's name before its title. */
  readonly group?: string
  /** Text to the left, figures to the right. */
  readonly align: 'left' | 'right'
  /** Columns of the least rank stay when there is not room for all. */
  readonly rank: number
  /** At least so wide, so that it does not move with the figures. */
  readonly least?: number
  /** A column of names takes what room is left, up to this; others are as wide as what is in them. */
  readonly most?: number
  /** @param width what a name must fit into */
  cell(row: Row, width: number): Span | Line
}

interface Placed<Row> {
  readonly column: Column<Row>
  readonly title: string
  readonly gap: number
  width: number
}

/** Before a column, and before a group of them: where there is room, and where there is not. */
const GAPS = [
  [2, 3],
  [1, 2],
] as const

/**
 * Rows under titles; columns that find no room are left out whole.
 * @returns the line of titles and one of each row
 */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): Line[] {
  let kept = columns
  let placed = place(kept, rows, width)
  const leaving = [...columns].sort((a, b) => b.rank - a.rank)
  while (totalOf(placed) > width && kept.length > 1) {
    const out = leaving.shift()
    kept = kept.filter((column) => column !== out)
    placed = place(kept, rows, width)
  }
  widen(placed, rows, width)
  const titles = line(placed, ({ title }) => span(title, 'dim'))
  const lines = [titles, ...rows.map((row) => line(placed, ({ column, width: own }) => column.cell(row, own)))]
  return lines.map((each) => (widthOf(each) <= width ? each : []))
}

function place<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): Placed<Row>[] {
  const [roomy, tight] = GAPS.map((gaps) => placeWith(gaps, columns, rows))
  return totalOf(roomy) <= width ? roomy : tight
}

function placeWith<Row>(
  [gap, groupGap]: (typeof GAPS)[number],
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Placed<Row>[] {
  return columns.map((column, index) => {
    const before = columns[index - 1]
    const isFirst = column.group === undefined || before?.group !== column.group
    const title = isFirst && column.group !== undefined ? `${column.group} ${column.title}` : column.title
    const isApart = index > 0 && before.group !== column.group
    const own = column.most === undefined ? contentWidth(column, rows) : 0
    return {
      column,
      title,
      gap: index === 0 ? 0 : isApart ? groupGap : gap,
      width: Math.max(columnsOf(title), column.least ?? 0, own),
    }
  })
}

function contentWidth<Row>({ cell }: Column<Row>, rows: readonly Row[]): number {
  return Math.max(0, ...rows.map((row) => widthOf(asLine(cell(row, Number.POSITIVE_INFINITY)))))
}

function totalOf<Row>(placed: readonly Placed<Row>[]): number {
  return placed.reduce((sum, { width, gap }) => sum + width + gap, 0)
}

function widen<Row>(placed: readonly Placed<Row>[], rows: readonly Row[], width: number): void {
  for (const each of placed) {
    const { most } = each.column
    if (most === undefined) continue
    const room = each.width + width - totalOf(placed)
    each.width = Math.max(each.width, Math.min(most, contentWidth(each.column, rows), room))
  }
}

function line<Row>(placed: readonly Placed<Row>[], cell: (each: Placed<Row>) => Span | Line): Line {
  return placed.flatMap((each, index) => {
    const text = asLine(cell(each))
    const isLast = index === placed.length - 1
    const isRight = each.column.align === 'right'
    return [
      span(' '.repeat(each.gap)),
      ...(isRight ? rightAligned(text, each.width) : isLast ? text : padded(text, each.width)),
    ]
  })
}

function asLine(cell: Span | Line): Line {
  return 'text' in cell ? [cell] : cell
}
