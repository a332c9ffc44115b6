/** Elements that have no end. */
const VOID = new Set(['meta', 'br', '!doctype'])

/** What is wrong with the nesting or the escaping of some markup, or null. Knows as much of it as is written here: attributes in double quotes. */
export function imbalance(markup: string): string | null {
  const open: string[] = []
  const stripped = markup.replaceAll(/<style>[^<]*<\/style>/g, '')
  for (const [tag, end, name, self] of stripped.matchAll(
    /<(\/?)([a-z0-9!]+)(?:\s+[\w:-]+(?:="[^"<]*")?)*\s*(\/?)>/gi,
  )) {
    if (VOID.has(name) || self === '/') continue
    if (end === '') open.push(name)
    else if (open.pop() !== name) return `${tag} ends something else`
  }
  if (open.length > 0) return `${open.join(', ')} has no end`
  const text = stripped.replaceAll(/<(\/?)([a-z0-9!]+)(?:\s+[\w:-]+(?:="[^"<]*")?)*\s*(\/?)>/gi, '')
  const stray = /[<>]|&(?!(amp|lt|gt|quot|#39);)/.exec(text)
  return stray === null ? null : `not escaped: ${text.slice(stray.index, stray.index + 40)}`
}
