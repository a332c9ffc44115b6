import { NESTING_MAX } from './limits.js'

/**
 * What JSON cannot say is an object with exactly one of these keys. Such an object is never data: one that is not of its form is
 * refused, and a msgpack map that would look like one is written as `$map`, so that nothing changes meaning on the way.
 */
export const BIN = '$bin'
export const RAW = '$raw'
export const INT = '$int'
export const FLOAT = '$float'
export const MAP = '$map'

export const RESERVED_KEYS: ReadonlySet<string> = new Set([BIN, RAW, INT, FLOAT, MAP])

/** Range of msgpack's integers: int64's lowest, uint64's highest. */
export const INT64_MIN = -(2n ** 63n)
export const UINT64_MAX = 2n ** 64n - 1n

/**
 * Levels of JSON that the deepest frame takes: each msgpack level may become three, `{"$map":[[key,value]]}`, within the array that
 * is the frame, around one value such as `{"$int":…}`.
 */
export const JSON_NESTING_MAX = 3 * NESTING_MAX + 2

/** A high surrogate without a low one or the reverse: JSON can write it, UTF-8 cannot. */
export const LONE_SURROGATE = /\p{Surrogate}/u

/** Whether any string in a value that JSON.parse gave, keys too, has one. */
export function hasLoneSurrogate(value: unknown): boolean {
  if (typeof value === 'string') return LONE_SURROGATE.test(value)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, inner]) => LONE_SURROGATE.test(key) || hasLoneSurrogate(inner))
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * Whether brackets nest deeper than `levelsMax` in text[start, end). To be asked before JSON.parse, which builds all levels before
 * anyone can look. Brackets inside strings do not count; text that is not JSON gets some answer.
 */
export function nestsDeeper(text: string, start: number, end: number, levelsMax: number): boolean {
  let depth = 0
  for (let i = start; i < end; i++) {
    const char = text.charCodeAt(i)
    if (char === QUOTE) {
      for (i++; i < end; i++) {
        const inside = text.charCodeAt(i)
        if (inside === QUOTE) break
        if (inside === BACKSLASH) i++
      }
    } else if (char === 0x5b || char === 0x7b) {
      if (++depth > levelsMax) return true
    } else if (char === 0x5d || char === 0x7d) depth--
  }
  return false
}

/** The bytes that `text` spells in base64 (RFC 4648 section 4, padded, no stray bits), or null if it spells none. */
export function fromBase64(text: unknown): Buffer | null {
  if (typeof text !== 'string') return null
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}
