import { assert } from '../base/assert.js'
import { POISON } from './slabs.js'

/** A page of an outbox's backlog: bytes[start, end) are whole frames that wait. */
export class Page {
  start = 0
  end = 0
  held = true
  constructor(readonly bytes: Buffer) {}
}

/** Page sizes: small first, so that ten thousand connections with one event waiting do not take ten thousand large pages. */
const SIZES = [2 << 10, 8 << 10, 32 << 10, 64 << 10]
/** Bytes of free pages that are kept for reuse; the rest goes to the garbage collector. */
const POOLED_BYTES_MAX = 16 << 20

/** Pages for backlogs, reused by size. What may be held at once is the budget's business. */
export class PagePool {
  private readonly free: Page[][] = SIZES.map(() => [])
  private freeBytes = 0
  held = 0

  constructor(private readonly poison: boolean) {}

  /** Size of the page to ask for: at least `length`, the next step after `previous`. */
  sizeFor(length: number, previous: number): number {
    for (const size of SIZES) if (size >= length && size > previous) return size
    const largest = SIZES[SIZES.length - 1]
    return Math.max(length, largest)
  }

  acquire(size: number): Page {
    this.held++
    const kind = SIZES.indexOf(size)
    const page = kind < 0 ? undefined : this.free[kind].pop()
    if (page === undefined) return new Page(Buffer.allocUnsafeSlow(size))
    this.freeBytes -= size
    page.start = 0
    page.end = 0
    page.held = true
    return page
  }

  release(page: Page): void {
    assert(page.held, 'a page is released once')
    page.held = false
    this.held--
    const size = page.bytes.length
    if (this.poison) page.bytes.fill(POISON)
    const kind = SIZES.indexOf(size)
    if (kind < 0 || this.freeBytes + size > POOLED_BYTES_MAX) return
    this.free[kind].push(page)
    this.freeBytes += size
  }
}
