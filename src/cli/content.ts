/** What one line, or the argument, says. `value` is also there with `bytes` if it was JSON, for the topic's fields. */
export type Content = { readonly value: unknown; readonly bytes?: Uint8Array } | { readonly problem: string }

/**
 * - auto: a JSON object is a value, anything else is text; blank lines are left out
 * - json: any JSON; what is none is a problem; blank lines are left out
 * - text: always text
 * - raw: the line's bytes, unchanged
 */
export type Reading = 'auto' | 'json' | 'text' | 'raw'

/** Reads one line; null when there is nothing to publish in it. */
export function readLine(line: Buffer, reading: Reading): Content | null {
  switch (reading) {
    case 'raw':
      return { value: parseObject(line.toString()), bytes: line }
    case 'text':
      return asText(line)
    case 'json': {
      const text = line.toString().trim()
      return text === '' ? null : parseJson(text)
    }
    case 'auto': {
      const text = line.toString()
      const object = parseObject(text)
      if (object !== undefined) return { value: object }
      return text.trim() === '' ? null : asText(line)
    }
  }
}

/** Reads the VALUE argument: in `auto`, JSON of any kind is a value. */
export function readArgument(text: string, reading: Reading): Content {
  switch (reading) {
    case 'raw':
      return { value: parseObject(text), bytes: Buffer.from(text) }
    case 'text':
      return { value: text }
    case 'json':
      return parseJson(text)
    case 'auto': {
      const parsed = parseJson(text)
      return 'problem' in parsed ? { value: text } : parsed
    }
  }
}

/** A line in another encoding than UTF-8 keeps its bytes: as text they would be lost. */
function asText(line: Buffer): Content {
  const text = line.toString()
  return text.includes('\ufffd') && !Buffer.from(text).equals(line)
    ? { value: undefined, bytes: line }
    : { value: text }
}

function parseObject(text: string): object | undefined {
  if (!/^\s*\{/.test(text)) return undefined
  const parsed = parseJson(text)
  return 'problem' in parsed ? undefined : (parsed.value as object)
}

function parseJson(text: string): Content {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    return { problem: `not JSON: ${(error as Error).message}` }
  }
}
