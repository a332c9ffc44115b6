/**
 * All text goes in through here, as text: names of clients and topics are whatever their owners made them. The policy of the page forbids inline styles and
 * scripts besides.
 */

/** The element of the page that the selector names. Its absence is a bug of index.html. */
export function find<E extends Element>(selector: string, type: new () => E, within: ParentNode = document): E {
  const element = within.querySelector(selector)
  if (!(element instanceof type)) throw new Error(`the page has no ${selector}`)
  return element
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/** Nothing is touched that is the same already: neither layout nor screen readers are to notice a second in which nothing changed. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

export function setHidden(element: HTMLElement, isHidden: boolean): void {
  if (element.hidden !== isHidden) element.hidden = isHidden
}

/** Share of 0 to 1, as a custom property that the style sheet draws a bar from. */
export function setShare(element: HTMLElement, share: number): void {
  const text = `${(Math.min(1, Math.max(0, share)) * 100).toFixed(1)}%`
  if (element.style.getPropertyValue('--share') !== text) element.style.setProperty('--share', text)
}

/** One row, or card, of a list. */
export interface Row<T> {
  readonly element: HTMLElement
  update(item: T, index: number): void
}

/** A list whose rows are kept and filled anew: however long the page is open, there are never more elements than items at once. */
export class Rows<T> {
  private readonly rows: Row<T>[] = []

  constructor(
    private readonly parent: HTMLElement,
    private readonly makeRow: () => Row<T>,
    private readonly rowsMax: number,
  ) {}

  update(items: readonly T[]): void {
    const wanted = Math.min(items.length, this.rowsMax)
    while (this.rows.length < wanted) {
      const row = this.makeRow()
      this.rows.push(row)
      this.parent.append(row.element)
    }
    while (this.rows.length > wanted) this.rows.pop()?.element.remove()
    for (let i = 0; i < wanted; i++) this.rows[i].update(items[i], i)
  }
}

/** A row of plain cells; those in `numbers` are aligned as such. */
export function cells(texts: number, firstIsHeader: boolean): { row: HTMLTableRowElement; cells: HTMLElement[] } {
  const row = make('tr')
  const made: HTMLElement[] = []
  for (let i = 0; i < texts; i++) {
    const cell = i === 0 && firstIsHeader ? make('th', { scope: 'row' }) : make('td')
    made.push(cell)
    row.append(cell)
  }
  return { row, cells: made }
}
