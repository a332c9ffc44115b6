/** A text with `{field}` places that are filled from a JSON object; `{{` and `}}` stand for the braces themselves. */
export class Template {
  readonly text: string
  /** Literal pieces and, between them, the field names: one piece more than names. */
  readonly #pieces: string[] = ['']
  readonly #fields: string[] = []

  /** @throws RangeError when a brace is open */
  constructor(text: string) {
    this.text = text
    for (const [part, escaped, field] of text.matchAll(/(\{\{|\}\})|\{([^{}]+)\}|[^{}]+|[{}]/g)) {
      if (escaped !== undefined) this.#append(escaped[0])
      else if (field !== undefined) {
        this.#fields.push(field)
        this.#pieces.push('')
      } else if (part === '{' || part === '}') {
        throw new RangeError(`${text}: a lone ${part}; a field is {name}, and ${part}${part} stands for ${part}`)
      } else this.#append(part)
    }
  }

  /** Whether it is the same for every event. */
  get fixed(): boolean {
    return this.#fields.length === 0
  }

  /** The text, filled from the value; or what kept it from being filled. */
  fill(value: unknown): { text: string } | { problem: string } {
    let text = this.#pieces[0]
    for (let i = 0; i < this.#fields.length; i++) {
      const name = this.#fields[i]
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        return { problem: `not a JSON object, so it has no field ${name}` }
      }
      const field = lookUp(value as Record<string, unknown>, name)
      if (field === undefined || field === null) return { problem: `no field ${name}` }
      if (typeof field === 'object')
        return { problem: `field ${name} is ${Array.isArray(field) ? 'an array' : 'an object'}, not text` }
      if (field === '') return { problem: `field ${name} is empty` }
      text += String(field) + this.#pieces[i + 1]
    }
    return { text }
  }

  #append(literal: string): void {
    this.#pieces[this.#pieces.length - 1] += literal
  }
}

/** A member by its name, or else by a path of names joined with dots. Inherited members are none of the data's. */
function lookUp(value: Record<string, unknown>, name: string): unknown {
  if (Object.hasOwn(value, name)) return value[name]
  let current: unknown = value
  for (const step of name.split('.')) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined
    current = (current as Record<string, unknown>)[step]
  }
  return current
}
