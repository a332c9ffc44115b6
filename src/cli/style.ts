type Paint = (text: string) => string

export interface Style {
  readonly dim: Paint
  readonly bold: Paint
  readonly red: Paint
  readonly yellow: Paint
  readonly green: Paint
  readonly cyan: Paint
  readonly blue: Paint
}

const plain: Paint = (text) => text
const sgr =
  (code: number): Paint =>
  (text) =>
    `\u001b[${code}m${text}\u001b[0m`

const PLAIN: Style = { dim: plain, bold: plain, red: plain, yellow: plain, green: plain, cyan: plain, blue: plain }
const COLOURED: Style = {
  dim: sgr(2),
  bold: sgr(1),
  red: sgr(31),
  yellow: sgr(33),
  green: sgr(32),
  cyan: sgr(36),
  blue: sgr(34),
}

/** Colours for a stream: only on a terminal, not a dumb one, and not against the user's NO_COLOR (https://no-color.org). */
export function styleFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Style {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb' ? COLOURED : PLAIN
}
