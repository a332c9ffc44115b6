import { make, Rows, setText } from '../dom.js'
import { clock } from '../format.js'

/** Rows of the table behind a chart: as much as somebody reads. */
const ROWS_MAX = 12

export interface TableSource {
  readonly headings: readonly string[]
  /** Seconds since 1970. */
  readonly times: readonly number[]
  text(column: number, index: number): string
}

/** What a chart shows, as figures: behind a fold, and filled only while that is open. */
export class DataTable {
  readonly element: HTMLDetailsElement
  private readonly head = make('tr')
  private readonly body = make('tbody')
  private readonly rows: Rows<number>
  private source: TableSource = { headings: [], times: [], text: () => '' }
  private headings = ''

  constructor(title: string) {
    const table = make(
      'table',
      {},
      make('caption', { class: 'unseen' }, `${title}, newest first`),
      make('thead', {}, this.head),
      this.body,
    )
    const scroll = make(
      'div',
      { class: 'scroll', role: 'region', 'aria-label': `${title}: figures`, tabindex: '0' },
      table,
    )
    this.element = make('details', { class: 'data' }, make('summary', {}, 'Figures'), scroll)
    this.rows = new Rows(this.body, () => this.makeRow(), ROWS_MAX)
    this.element.addEventListener('toggle', () => this.fill())
  }

  update(source: TableSource): void {
    this.source = source
    this.fill()
  }

  private fill(): void {
    if (!this.element.open) return
    const { headings, times } = this.source
    if (this.headings !== headings.join()) {
      this.headings = headings.join()
      this.head.replaceChildren(
        make('th', { scope: 'col' }, 'Time'),
        ...headings.map((heading) => make('th', { scope: 'col', class: 'n' }, heading)),
      )
      this.rows.update([])
    }
    const step = Math.max(1, Math.floor(times.length / ROWS_MAX))
    const indices: number[] = []
    for (let i = times.length - 1; i >= 0 && indices.length < ROWS_MAX; i -= step) indices.push(i)
    this.rows.update(indices)
  }

  private makeRow() {
    const time = make('th', { scope: 'row' })
    const cells = this.source.headings.map(() => make('td', { class: 'n' }))
    return {
      element: make('tr', {}, time, ...cells),
      update: (index: number) => {
        setText(time, clock(this.source.times[index] * 1000))
        for (const [column, cell] of cells.entries()) setText(cell, this.source.text(column, index))
      },
    }
  }
}
