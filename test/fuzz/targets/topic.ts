import { Code } from '../../../src/protocol/codes.js'
import { TOPIC_BYTES_MAX, TOPIC_TOKENS_MAX } from '../../../src/protocol/limits.js'
import { checkPattern, checkTopic, isLiteral, isSystemTopic, topicMatches } from '../../../src/protocol/topic.js'
import { must } from '../target.js'

/** The grammar of topics and patterns. The input is a pattern and a topic, with a line end between. */

const NEWLINE = 0x0a
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const words = [
  '.',
  '*',
  '>',
  '.*.',
  '.>',
  '$sys',
  '$sys.',
  '\n',
  'a.b.c',
  '\xed\xa0\x80',
  '\xf4\x90\x80\x80',
  '\u{10ffff}',
]

export function handle(input: Buffer): unknown {
  const { pattern, topic } = parts(input)
  return [checkPattern(input, 0, pattern), checkTopic(input, topic, input.length)]
}

function parts(input: Buffer): { pattern: number; topic: number } {
  const newline = input.indexOf(NEWLINE)
  return newline < 0 ? { pattern: input.length, topic: 0 } : { pattern: newline, topic: newline + 1 }
}

export function fuzz(input: Buffer): void {
  const { pattern, topic } = parts(input)
  const end = input.length
  const asPattern = checkPattern(input, 0, pattern)
  const asTopic = checkTopic(input, topic, end)
  must(asPattern === judge(input.subarray(0, pattern), true), 'patterns are those of the grammar', asPattern)
  must(asTopic === judge(input.subarray(topic, end), false), 'topics are those of the grammar', asTopic)
  if (asPattern !== 0) return
  const patternText = input.toString('utf8', 0, pattern)
  must((checkTopic(input, 0, pattern) === 0) === isLiteral(patternText), 'a literal pattern is a topic', patternText)
  if (asTopic !== 0) return
  const topicText = input.toString('utf8', topic, end)
  must(
    topicMatches(patternText, topicText) === matchesByExpression(patternText, topicText),
    'a topic matches the patterns that it should',
    patternText,
    topicText,
  )
  const isSystem = topicText.split('.')[0] === '$sys'
  must(isSystemTopic(input, topic, end) === isSystem, 'what belongs to the daemon', topicText)
}

/** The grammar as docs/protocol.md has it, in other words than src/protocol/topic.ts. */
function judge(bytes: Buffer, wildcards: boolean): number {
  const bad = wildcards ? Code.BAD_PATTERN : Code.BAD_TOPIC
  if (bytes.length > TOPIC_BYTES_MAX) return Code.TOPIC_TOO_LONG
  const tokens = bytes.toString('latin1').split('.')
  // What is wrong is told by the first of it, and tokens are counted on the way.
  const firstBad = tokens.findIndex((token, i) => !isToken(token, wildcards, i === tokens.length - 1))
  if (firstBad >= 0 && firstBad < TOPIC_TOKENS_MAX) return bad
  return tokens.length > TOPIC_TOKENS_MAX ? Code.TOPIC_TOO_LONG : 0
}

function isToken(token: string, wildcards: boolean, isLast: boolean): boolean {
  if (wildcards && (token === '*' || (token === '>' && isLast))) return true
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (token === '' || /[\x00-\x20\x7f*>]/.test(token)) return false
  try {
    utf8.decode(Buffer.from(token, 'latin1'))
    return true
  } catch {
    return false
  }
}

function matchesByExpression(pattern: string, topic: string): boolean {
  const isWild = pattern.startsWith('*') || pattern.startsWith('>')
  if (isWild && (topic === '$sys' || topic.startsWith('$sys.'))) return false
  const source = pattern
    .split('.')
    .map((token) => (token === '*' ? '[^.]+' : token === '>' ? '.+' : token.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')))
    .join('\\.')
  return new RegExp(`^${source}$`, 'us').test(topic)
}
