import { assert } from '../base/assert.js'

/** The memory that may wait in outboxes, all sessions together. Full is an answer, never growth. */
export class Budget {
  used = 0

  /** @param max may change: what is over it then is given back as it is used up */
  constructor(public max: number) {}

  /** Whether the bytes were granted. */
  take(bytes: number): boolean {
    if (this.used + bytes > this.max) return false
    this.used += bytes
    return true
  }

  give(bytes: number): void {
    this.used -= bytes
    assert(this.used >= 0, 'no more is given back to the budget than was taken')
  }
}
