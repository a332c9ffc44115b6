import { parse } from 'smol-toml'

/** Both count from 1; columns in UTF-16 units, as smol-toml counts them in its errors. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface Place {
  /** Where the key, or the header that opens the table, begins. */
  readonly key: Position
  /** Where the value begins; of a table, where its header or its brace does. */
  readonly value: Position
}

/** Keys deeper than this are reported at their parent: no option is as deep, and a path of a million parts must not cost their square. */
const DEPTH_LOCATED_MAX = 8

export type Path = readonly (string | number)[]

/**
 * Finds the places of keys in a TOML text, which the parser does not tell. The text must have been parsed before without an
 * error, nested no deeper than the stack allows: this walks what is known to be valid and decides nothing about it.
 * @returns a lookup by path, such as ['router', 'lane_weights', 2]; a path that is not in the text gives its nearest parent's place.
 */
export function locate(toml: string): (path: Path) => Place {
  return new Locator(toml).run()
}

class Locator {
  private at = 0
  private readonly places = new Map<string, Place>()
  /** Tables opened so far in each array of tables. */
  private readonly opened = new Map<string, number>()
  private readonly lineStarts: number[] = [0]

  constructor(private readonly toml: string) {
    for (let i = toml.indexOf('\n'); i >= 0; i = toml.indexOf('\n', i + 1)) this.lineStarts.push(i + 1)
  }

  run(): (path: Path) => Place {
    let table: Path = []
    if (this.toml.charCodeAt(0) === 0xfeff) this.at = 1
    for (this.skipBlank(); this.at < this.toml.length; this.skipBlank()) {
      if (this.toml[this.at] === '[') table = this.header()
      else this.keyValue(table)
    }
    return (path) => {
      for (let length = Math.min(path.length, DEPTH_LOCATED_MAX); length > 0; length--) {
        const place = this.places.get(id(path.slice(0, length)))
        if (place !== undefined) return place
      }
      return { key: { line: 1, column: 1 }, value: { line: 1, column: 1 } }
    }
  }

  private header(): Path {
    const start = this.at
    const isArray = this.toml.startsWith('[[', start)
    this.at += isArray ? 2 : 1
    const names = this.keyParts()
    this.skipLine()
    const path: (string | number)[] = []
    names.forEach((name, depth) => {
      path.push(name)
      if (path.length > DEPTH_LOCATED_MAX) return
      const last = depth === names.length - 1
      const count = this.opened.get(id(path)) ?? 0
      this.note(path, start, start)
      if (last && isArray) {
        this.opened.set(id(path), count + 1)
        path.push(count)
        this.note(path, start, start)
      } else if (count > 0) path.push(count - 1)
    })
    return path
  }

  private keyValue(parent: Path): void {
    const start = this.at
    const path = [...parent]
    const names = this.keyParts()
    this.at++
    this.skipBlank()
    const valueAt = this.at
    for (const name of names) {
      path.push(name)
      this.note(path, start, valueAt)
    }
    this.value(path)
  }

  /** Reads `a."b c".d`, up to what follows it: `=` or `]`. */
  private keyParts(): string[] {
    const parts: string[] = []
    for (;;) {
      this.skipSpace()
      const start = this.at
      const quote = this.toml[start]
      if (quote === '"' || quote === "'") {
        this.string()
        parts.push(unquoted(this.toml.slice(start, this.at)))
      } else {
        while (/[A-Za-z0-9_-]/.test(this.toml[this.at] ?? '')) this.at++
        parts.push(this.toml.slice(start, this.at))
      }
      this.skipSpace()
      if (this.toml[this.at] !== '.') return parts
      this.at++
    }
  }

  private value(path: Path): void {
    const first = this.toml[this.at]
    if (first === '"' || first === "'") this.string()
    else if (first === '[') {
      let index = 0
      this.list(']', () => {
        const item = [...path, index++]
        this.note(item, this.at, this.at)
        this.value(item)
      })
    } else if (first === '{') this.list('}', () => this.keyValue(path))
    else while (this.at < this.toml.length && !/[,\]}#\n]/.test(this.toml[this.at]!)) this.at++
  }

  /** Walks what stands between a bracket and its partner, comma by comma. */
  private list(close: string, member: () => void): void {
    this.at++
    for (this.skipBlank(); this.at < this.toml.length && this.toml[this.at] !== close; this.skipBlank()) {
      if (this.toml[this.at] === ',') this.at++
      else member()
    }
    this.at++
  }

  private string(): void {
    const quote = this.toml[this.at]!
    const isLong = this.toml.startsWith(quote.repeat(3), this.at)
    const end = isLong ? quote.repeat(3) : quote
    this.at += end.length
    while (this.at < this.toml.length && !this.toml.startsWith(end, this.at)) {
      this.at += quote === '"' && this.toml[this.at] === '\\' ? 2 : 1
    }
    this.at += end.length
    // A long string may end in up to two quotes of its own, before the three that close it.
    while (isLong && this.toml[this.at] === quote) this.at++
  }

  private skipSpace(): void {
    while (this.toml[this.at] === ' ' || this.toml[this.at] === '\t') this.at++
  }

  private skipBlank(): void {
    while (this.at < this.toml.length) {
      if (this.toml[this.at] === '#') this.skipLine()
      else if (/\s/.test(this.toml[this.at]!)) this.at++
      else return
    }
  }

  private skipLine(): void {
    const end = this.toml.indexOf('\n', this.at)
    this.at = end < 0 ? this.toml.length : end
  }

  /** The first mention stays: a table is where it was opened, not where it was last added to. */
  private note(path: Path, keyAt: number, valueAt: number): void {
    if (path.length > DEPTH_LOCATED_MAX) return
    const key = id(path)
    if (!this.places.has(key)) this.places.set(key, { key: this.position(keyAt), value: this.position(valueAt) })
  }

  private position(offset: number): Position {
    let low = 0
    let high = this.lineStarts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.lineStarts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - this.lineStarts[low]! + 1 }
  }
}

function id(path: Path): string {
  return JSON.stringify(path)
}

function unquoted(quoted: string): string {
  return quoted.includes('\\') && quoted[0] === '"' ? Object.keys(parse(`${quoted} = 0`))[0]! : quoted.slice(1, -1)
}
