import type { Context } from '../command.js'
import { Exit, Failure } from '../command.js'
import { harmlessJson } from '../format.js'
import { Output } from '../output.js'
import { styleFor } from '../style.js'
import { picture } from './layout.js'
import { painted } from './spans.js'
import type { TopState } from './state.js'
import type { Show } from './view.js'

/** Where no terminal says how large it is, and neither does the environment. */
const WIDTH = 100
const HEIGHT = 48
/** Figures come a little early or late. */
const EARLY_MS = 500

export interface PrintOptions {
  readonly isOnce: boolean
  readonly isJson: boolean
  readonly intervalMs: number
}

/** Writes figures one after the other: as JSON, or as pictures. */
export class FigurePrinter implements Show {
  readonly over: Promise<number>
  readonly #state: TopState
  readonly #options: PrintOptions
  readonly #context: Context
  readonly #output: Output
  #printedAt = Number.NEGATIVE_INFINITY
  #end: (code: number) => void = () => {}

  constructor(state: TopState, options: PrintOptions, context: Context) {
    this.#state = state
    this.#options = options
    this.#context = context
    this.#output = new Output(context.stdout)
    this.over = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#output.onGone(() => this.#end(Exit.OK))
  }

  update(hasFigures: boolean): void {
    const { stats } = this.#state
    if (!hasFigures || stats === null || this.#output.full) return
    if (stats.at - this.#printedAt < this.#options.intervalMs - EARLY_MS) return
    const isFirst = this.#printedAt === Number.NEGATIVE_INFINITY
    if (this.#options.isOnce && !isFirst) return
    this.#printedAt = stats.at
    this.#output.write(this.#options.isJson ? `${harmlessJson(JSON.stringify(stats))}\n` : this.#text(isFirst))
    if (this.#options.isOnce) this.#end(Exit.OK)
  }

  /** @throws Failure when the output could not be written */
  async close(): Promise<void> {
    this.#output.flush()
    await this.#output.drained()
    if (this.#output.failure !== undefined) throw new Failure(`cannot write: ${this.#output.failure.message}`)
  }

  #text(isFirst: boolean): string {
    const { stdout, env } = this.#context
    const style = styleFor(stdout, env)
    // The prompt of a shell needs a line too.
    const height = stdout.rows === undefined ? numberOf(env.LINES, HEIGHT) : stdout.rows - 1
    const lines = picture(this.#state.view, stdout.columns ?? numberOf(env.COLUMNS, WIDTH), height)
    return `${isFirst ? '' : '\n'}${lines.map((line) => `${painted(line, style).trimEnd()}\n`).join('')}`
  }
}

function numberOf(text: string | undefined, otherwise: number): number {
  return text !== undefined && /^[1-9]\d{0,3}$/.test(text) ? Number(text) : otherwise
}
