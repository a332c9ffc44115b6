import { Code } from './codes.js'
import { TOPIC_BYTES_MAX, TOPIC_TOKENS_MAX } from './limits.js'

const DOT = 0x2e
const STAR = 0x2a
const GREATER = 0x3e
const SPACE = 0x20
const DELETE = 0x7f

/** Tokens of the daemon's own branch begin so. */
export const SYSTEM_TOKEN = '$sys'
const SYSTEM_BYTES = new TextEncoder().encode(SYSTEM_TOKEN)

/**
 * Checks the topic in bytes[start, end): tokens separated by dots, none empty, valid UTF-8, no wildcard, no white space or
 * control character. Returns 0 or an error code. The grammar is that of NATS subjects, narrowed.
 */
export function checkTopic(bytes: Uint8Array, start: number, end: number): number {
  return check(bytes, start, end, false)
}

/** As checkTopic, but a whole token may be `*` (one token) and the last may be `>` (one or more tokens). */
export function checkPattern(bytes: Uint8Array, start: number, end: number): number {
  return check(bytes, start, end, true)
}

function check(bytes: Uint8Array, start: number, end: number, wildcards: boolean): number {
  const bad = wildcards ? Code.BAD_PATTERN : Code.BAD_TOPIC
  if (end <= start) return bad
  if (end - start > TOPIC_BYTES_MAX) return Code.TOPIC_TOO_LONG
  let tokens = 1
  let tokenStart = start
  let pos = start
  while (pos < end) {
    const byte = bytes[pos]
    if (byte === DOT) {
      if (pos === tokenStart) return bad
      tokenStart = ++pos
      if (++tokens > TOPIC_TOKENS_MAX) return Code.TOPIC_TOO_LONG
    } else if (byte === STAR || byte === GREATER) {
      const wholeToken = pos === tokenStart && (pos + 1 === end || bytes[pos + 1] === DOT)
      if (!wildcards || !wholeToken) return bad
      if (byte === GREATER && pos + 1 !== end) return bad
      pos++
    } else if (byte <= SPACE || byte === DELETE) {
      return bad
    } else if (byte < 0x80) {
      pos++
    } else {
      const next = utf8End(bytes, pos, end)
      if (next < 0) return bad
      pos = next
    }
  }
  return tokenStart === end ? bad : 0
}

/** End of the multi-byte UTF-8 sequence at pos (RFC 3629, table 3-7 of Unicode), or -1 if it is not well formed. */
function utf8End(bytes: Uint8Array, pos: number, end: number): number {
  const lead = bytes[pos]
  let more: number
  let low = 0x80
  let high = 0xbf
  if (lead >= 0xc2 && lead <= 0xdf) more = 1
  else if (lead >= 0xe0 && lead <= 0xef) {
    more = 2
    if (lead === 0xe0) low = 0xa0
    if (lead === 0xed) high = 0x9f
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    more = 3
    if (lead === 0xf0) low = 0x90
    if (lead === 0xf4) high = 0x8f
  } else return -1
  if (pos + more >= end) return -1
  const second = bytes[pos + 1]
  if (second < low || second > high) return -1
  for (let i = 2; i <= more; i++) {
    const byte = bytes[pos + i]
    if (byte < 0x80 || byte > 0xbf) return -1
  }
  return pos + more + 1
}

/** Whether the topic in bytes[start, end) belongs to the daemon: `$sys` or anything under it. */
export function isSystemTopic(bytes: Uint8Array, start: number, end: number): boolean {
  const length = SYSTEM_BYTES.length
  if (end - start < length) return false
  for (let i = 0; i < length; i++) if (bytes[start + i] !== SYSTEM_BYTES[i]) return false
  return end - start === length || bytes[start + length] === DOT
}

/**
 * Whether a topic matches a pattern, both well formed. Text, for the client and for tests: the daemon's index walks a trie instead.
 * A wildcard in the first place does not match the daemon's own `$sys` branch.
 */
export function topicMatches(pattern: string, topic: string): boolean {
  if (pattern === topic) return true
  const want = pattern.split('.')
  const have = topic.split('.')
  if (have[0] === SYSTEM_TOKEN && want[0] !== SYSTEM_TOKEN) return false
  for (let i = 0; i < want.length; i++) {
    if (want[i] === '>') return have.length > i
    if (i >= have.length) return false
    if (want[i] !== '*' && want[i] !== have[i]) return false
  }
  return want.length === have.length
}

/** Whether the pattern has no wildcard, so that it matches one topic only. */
export function isLiteral(pattern: string): boolean {
  return !/(^|\.)[*>]($|\.)/.test(pattern)
}
