import { FIGURES, type Figure } from './questions.js'
import type { ConnectionScan } from './scan-memory.js'

export const SORTS = ['pending', 'drops', 'rate', 'age'] as const
export type Sort = (typeof SORTS)[number]

const WIDTH = FIGURES.length
const PLACE = Object.fromEntries(FIGURES.map((figure, place) => [figure, place])) as Record<Figure, number>

/** Where a session stands: highest key first, and of equal ones the oldest. */
export interface Rank {
  readonly key: number
  readonly session: number
}

/** Events per second. */
export interface Rates {
  readonly acceptedRate: number
  readonly deliveredRate: number
}

/** How many events each session has had per second between two scans. */
export class RateTable {
  private readonly places = new Map<number, number>()
  private readonly elapsedS: number

  constructor(
    private readonly before: ConnectionScan,
    private readonly scan: ConnectionScan,
  ) {
    this.elapsedS = (scan.atMs - before.atMs) / 1000
    for (let row = 0; row < before.count; row++) this.places.set(before.figures[row * WIDTH], row * WIDTH)
  }

  /** Of the session in this row of the later scan; null for one that was not in the earlier. */
  of(row: number): Rates | null {
    const { figures } = this.scan
    const at = row * WIDTH
    const was = this.places.get(figures[at])
    if (was === undefined || this.elapsedS <= 0) return null
    const rate = (figure: Figure): number =>
      (figures[at + PLACE[figure]] - this.before.figures[was + PLACE[figure]]) / this.elapsedS
    return { acceptedRate: rate('accepted'), deliveredRate: rate('delivered') }
  }
}

export interface Ranked extends Rank {
  /** Of the scan. */
  readonly row: number
}

/** The sessions of a scan in order. */
export function ranked({ figures, count }: ConnectionScan, sort: Sort, rates: RateTable | null): Ranked[] {
  const keyOf = (row: number): number => {
    // Numbers of sessions grow, and what one of them is does not change from page to page, as its age does.
    if (sort === 'age') return -figures[row * WIDTH]
    if (sort !== 'rate') return figures[row * WIDTH + PLACE[sort]]
    const found = rates?.of(row)
    return found == null ? 0 : found.acceptedRate + found.deliveredRate
  }
  const found = Array.from({ length: count }, (_, row) => ({ row, session: figures[row * WIDTH], key: keyOf(row) }))
  return found.sort(inOrder)
}

function inOrder(a: Rank, b: Rank): number {
  return b.key - a.key || a.session - b.session
}

/** Those that come after this one, which need not be there any more. */
export function after(all: readonly Ranked[], last: Rank | null): readonly Ranked[] {
  if (last === null) return all
  const start = all.findIndex((each) => inOrder(each, last) > 0)
  return start < 0 ? [] : all.slice(start)
}

export function rankText({ key, session }: Rank): string {
  return `${key}_${session}`
}

export function readRank(text: string): Rank | null {
  const parts = /^(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)_(\d{1,16})$/.exec(text)
  return parts === null ? null : { key: Number(parts[1]), session: Number(parts[2]) }
}
