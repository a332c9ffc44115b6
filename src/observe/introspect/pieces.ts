import { type Piece, ROWS_PER_ANSWER_MAX } from './questions.js'

/**
 * A page of a list that the routing thread tells piece by piece.
 * @param ask for the piece from this position on; null when there is no such list
 */
export async function gather<Row>(
  from: number,
  limit: number,
  ask: (from: number) => Promise<Piece<Row> | null>,
): Promise<(Piece<Row> & { readonly next: number | null }) | null> {
  const rows: Row[] = []
  for (;;) {
    const piece = await ask(from + rows.length)
    if (piece === null) return null
    rows.push(...piece.rows.slice(0, limit - rows.length))
    const end = from + rows.length
    if (rows.length === limit || piece.rows.length === 0 || end >= piece.total) {
      return { rows, total: piece.total, next: end < piece.total && piece.rows.length > 0 ? end : null }
    }
  }
}

/** Rows of these, asked for a piece at a time. */
export async function gatherBy<Key, Row>(
  keys: readonly Key[],
  ask: (keys: readonly Key[]) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const rows: Row[] = []
  for (let from = 0; from < keys.length; from += ROWS_PER_ANSWER_MAX) {
    rows.push(...(await ask(keys.slice(from, from + ROWS_PER_ANSWER_MAX))))
  }
  return rows
}
