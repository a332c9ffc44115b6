import { type Context, Exit } from './command.js'
import { harmlessJson } from './format.js'
import { styleFor } from './style.js'
import { type Line, painted } from './top/spans.js'
import { type Column, table } from './top/table.js'

/** Columns of a terminal that says nothing of itself. */
const TERMINAL_COLUMNS = 80

/** Columns that there are for a line: in a pipe as many as it takes. */
export function widthOf({ stdout }: Context): number {
  return stdout.isTTY === true ? stdout.columns || TERMINAL_COLUMNS : Number.POSITIVE_INFINITY
}

export function printLine(line: Line, { stdout, env }: Context): void {
  stdout.write(`${painted(line, styleFor(stdout, env)).trimEnd()}\n`)
}

/** Rows as a table that fits the terminal; columns of a higher rank go first. */
export function printTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], context: Context): void {
  for (const line of table(columns, rows, widthOf(context))) printLine(line, context)
}

/** What the daemon has answered, as it is, but for characters that terminals obey. */
export function printJson(text: string, { stdout }: Context): number {
  stdout.write(`${harmlessJson(text.trimEnd())}\n`)
  return Exit.OK
}
