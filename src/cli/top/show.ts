import { type Context, Exit } from '../command.js'
import { styleFor } from '../style.js'
import { picture } from './layout.js'
import { Screen } from './screen.js'
import { keysOf, type TopState } from './state.js'
import type { Show } from './view.js'

/** Figures come a little early or late. */
const EARLY_MS = 500
/** What a terminal has that does not say. */
const COLUMNS = 80
const ROWS = 24

/** The picture on a terminal, moved by figures and by keys. */
export class ScreenShow implements Show {
  readonly over: Promise<number>
  readonly #state: TopState
  readonly #intervalMs: number
  readonly #context: Context
  readonly #screen: Screen
  #end: (code: number) => void = () => {}
  #drawnMs = Number.NEGATIVE_INFINITY
  #isClosed = false
  readonly #onResize = (): void => this.#draw()
  readonly #onKeys = (input: string): void => this.#press(input)
  readonly #onInputEnd = (): void => this.#end(Exit.OK)

  constructor(state: TopState, intervalMs: number, context: Context) {
    this.#state = state
    this.#intervalMs = intervalMs
    this.#context = context
    const { stdout, stdin, env } = context
    this.#screen = new Screen(stdout, stdin, styleFor(stdout, env))
    this.over = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#screen.enter()
    stdout.on('resize', this.#onResize)
    if (!stdin.isTTY) return
    stdin.setEncoding('utf8')
    stdin.on('data', this.#onKeys)
    stdin.on('end', this.#onInputEnd)
  }

  update(hasFigures: boolean): void {
    if (hasFigures && performance.now() - this.#drawnMs < this.#intervalMs - EARLY_MS) return
    if (hasFigures) this.#drawnMs = performance.now()
    this.#draw()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const { stdout, stdin } = this.#context
    stdout.off('resize', this.#onResize)
    stdin.off('data', this.#onKeys)
    stdin.off('end', this.#onInputEnd)
    stdin.pause()
    this.#screen.leave()
  }

  #draw(): void {
    const { columns = COLUMNS, rows = ROWS } = this.#context.stdout
    this.#screen.draw(picture(this.#state.view, columns, rows))
  }

  #press(input: string): void {
    for (const key of keysOf(input)) {
      const answer = this.#state.press(key)
      if (answer === 'quit') this.#end(Exit.OK)
      else if (answer === 'interrupt') this.#end(Exit.SIGINT)
      else if (answer === 'suspend') this.#suspend()
      else if (answer === 'redraw') this.#draw()
    }
  }

  /** As the shell's job control would: with whoever started it (npx). It stands still in `kill`, and goes on with the timer. */
  #suspend(): void {
    this.#screen.leave()
    process.kill(0, 'SIGTSTP')
    setTimeout(() => {
      if (this.#isClosed) return
      this.#screen.enter()
      this.#draw()
    }, 50)
  }
}
