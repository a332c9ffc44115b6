import type { Context } from './command.js'
import { grouped } from './numbers.js'

const BAR_WIDTH = 30
const REDRAW_INTERVAL_MS = 100

/** A bar on a terminal, redrawn in place; nothing elsewhere. */
export class ProgressBar {
  readonly #stream: Context['stderr']
  readonly #total: number
  #drawnMs = Number.NEGATIVE_INFINITY

  constructor(stream: Context['stderr'], total: number) {
    this.#stream = stream
    this.#total = total
  }

  show(done: number): void {
    if (this.#stream.isTTY !== true) return
    const nowMs = performance.now()
    if (nowMs - this.#drawnMs < REDRAW_INTERVAL_MS) return
    this.#drawnMs = nowMs
    const filled = Math.round((BAR_WIDTH * done) / this.#total)
    this.#stream.write(
      `\r${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${grouped(done)} of ${grouped(this.#total)} `,
    )
  }

  /** Takes the bar away, for the result to stand in its place. */
  end(): void {
    if (this.#drawnMs > 0) this.#stream.write('\r\u001b[K')
  }
}
