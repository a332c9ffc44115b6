import type { Style } from '../style.js'
import { type Line, painted } from './spans.js'

const ESC = '\u001b['
/** Alternate screen, no cursor, no wrapping at the edge. */
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}?7l${ESC}2J`
/** Emptied before it is left: tmux takes lines of a screen that has grown meanwhile along. */
const LEAVE = `${ESC}H${ESC}J${ESC}?7h${ESC}?25h${ESC}?1049l`
/** Drawn at once by terminals that know it; the others ignore it. */
const BEGIN = `${ESC}?2026h${ESC}H`
const END = `${ESC}?2026l`
const REST_OF_LINE = `${ESC}K`
const REST_OF_SCREEN = `${ESC}J`

/** A terminal taken over for a picture. However the process ends, short of SIGKILL, the terminal is given back as it was. */
export class Screen {
  readonly #stdout: NodeJS.WriteStream
  readonly #stdin: NodeJS.ReadStream
  readonly #style: Style
  #isOurs = false
  readonly #restore = (): void => this.leave()
  readonly #hangUp = (): void => {
    this.leave()
    process.kill(process.pid, 'SIGHUP')
  }

  constructor(stdout: NodeJS.WriteStream, stdin: NodeJS.ReadStream, style: Style) {
    this.#stdout = stdout
    this.#stdin = stdin
    this.#style = style
  }

  /** Keys come one by one from now on, where the input is a terminal. */
  enter(): void {
    if (this.#isOurs) return
    this.#isOurs = true
    // "exit" is too late for a crash: its stack is written before, and would be lost with the alternate screen.
    process.on('uncaughtExceptionMonitor', this.#restore)
    process.on('exit', this.#restore)
    process.once('SIGHUP', this.#hangUp)
    this.#stdin.setRawMode?.(true)
    this.#stdout.write(ENTER)
  }

  leave(): void {
    if (!this.#isOurs) return
    this.#isOurs = false
    process.off('uncaughtExceptionMonitor', this.#restore)
    process.off('exit', this.#restore)
    process.off('SIGHUP', this.#hangUp)
    this.#stdout.write(LEAVE)
    this.#stdin.setRawMode?.(false)
  }

  draw(lines: readonly Line[]): void {
    if (!this.#isOurs) return
    // Cleared before it is written: behind a character in the last column the cursor stands on it.
    const rows = lines.map((line) => `${REST_OF_LINE}${painted(line, this.#style)}`)
    if (lines.length < (this.#stdout.rows ?? 0)) rows.push(REST_OF_SCREEN)
    this.#stdout.write(`${BEGIN}${rows.join('\r\n')}${END}`)
  }
}
