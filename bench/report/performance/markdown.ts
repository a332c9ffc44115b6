/** Between these a page is generated; the rest of it is somebody's words. */
const BEGIN = /<!-- generated:([a-z-]+) -->/
const END = '<!-- /generated -->'

/**
 * A page with what is between its markers made anew.
 * Throws for a marker that nothing is made for, that has no end, or that is missing.
 */
export function filled(page: string, parts: { readonly [name: string]: string }): string {
  const done = new Set<string>()
  let text = ''
  let rest = page
  for (let found = BEGIN.exec(rest); found !== null; found = BEGIN.exec(rest)) {
    const [marker, name] = found
    const afterMarker = found.index + marker.length
    const end = rest.indexOf(END, afterMarker)
    if (end < 0) throw new Error(`${marker} has no ${END}`)
    const part = parts[name]
    if (part === undefined) throw new Error(`nothing is generated for ${marker}`)
    done.add(name)
    text += `${rest.slice(0, afterMarker)}\n\n${part.trim()}\n\n${END}`
    rest = rest.slice(end + END.length)
  }
  const missing = Object.keys(parts).find((name) => !done.has(name))
  if (missing !== undefined) throw new Error(`the page has no <!-- generated:${missing} -->`)
  return text + rest
}

/** Text that may be taken for markup. */
export function plain(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll(/([*_`[\]])/g, '\\$1')
}

/** A table; cells may be markup, and bars in them are escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}
