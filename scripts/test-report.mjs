// What a person reads of a test run.

/** Lines of one failure's details or of a file's stderr. */
const DETAIL_LINES_MAX = 60
/** Parts of tap's diagnosis that repeat the name or mean something to tap alone. */
const DIAG_KEYS_HIDDEN = new Set(['name', 'test', 'compare', 'tapCaught'])

const indent = (text, by) =>
  text
    .trimEnd()
    .split('\n')
    .slice(0, DETAIL_LINES_MAX)
    .map((line) => by + line)
    .join('\n')

function describeDiag(diag) {
  if (diag === null || typeof diag !== 'object') return diag === undefined || diag === null ? '' : String(diag)
  const lines = []
  for (const [key, value] of Object.entries(diag)) {
    if (DIAG_KEYS_HIDDEN.has(key)) continue
    if (key === 'at') lines.push(`at ${value.fileName}:${value.lineNumber}:${value.columnNumber}`)
    else if (typeof value === 'string' && value.includes('\n')) lines.push(`${key}:\n${indent(value, '  ')}`)
    else lines.push(`${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  }
  return lines.join('\n')
}

/** One line for a file that has ended. */
export function describeFile({ source, passed, failed, skips, ms }) {
  const word = failed > 0 ? 'FAIL' : passed > 0 ? 'ok  ' : 'skip'
  const counts = `${passed} passed${failed > 0 ? `, ${failed} failed` : ''}`
  const why = skips.map((skip) => `\n       skipped: ${skip}`).join('')
  return `${word} ${source}  ${counts}  ${(ms / 1000).toFixed(1)} s${why}`
}

/** Everything known of what failed in a file. */
export function describeFailures({ source, failures, stderr, ended }) {
  const parts = [`\nFAIL ${source} (ended with ${ended})`]
  for (const { name, diag } of failures) {
    parts.push(`  x ${name}`)
    const details = describeDiag(diag)
    if (details !== '') parts.push(indent(details, '      '))
  }
  if (stderr.trim() !== '') {
    const tail = stderr.trimEnd().split('\n').slice(-DETAIL_LINES_MAX).join('\n')
    parts.push(`  its stderr:\n${indent(tail, '      ')}`)
  }
  return parts.join('\n')
}
