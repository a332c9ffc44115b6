import { RESERVED_KEYS } from '../../src/protocol/json-escapes.js'

/** Whether a value that JSON.parse gave is data throughout: no object in it stands for something that JSON cannot say. */
export function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain)
  if (typeof value !== 'object' || value === null) return true
  const keys = Object.keys(value)
  if (keys.length === 1 && RESERVED_KEYS.has(keys[0])) return false
  return Object.values(value).every(isPlain)
}

/** Whether msgpackr (maps as Map) reads what JSON.parse does: an integer and a float of equal value are the same number. */
export function agrees(json: unknown, unpacked: unknown): boolean {
  if (Array.isArray(json)) {
    return Array.isArray(unpacked) && unpacked.length === json.length && json.every((v, i) => agrees(v, unpacked[i]))
  }
  if (typeof json === 'object' && json !== null) {
    if (!(unpacked instanceof Map)) return false
    const entries = Object.entries(json)
    return unpacked.size === entries.length && entries.every(([key, value]) => agrees(value, unpacked.get(key)))
  }
  return Object.is(json, unpacked)
}

/** Whether two values that JSON.parse gave are equal, in whatever order their keys stand. */
export function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((value, i) => same(value, b[i]))
  if (typeof a === 'object' && a !== null) {
    if (typeof b !== 'object' || b === null || Array.isArray(b)) return false
    const entries = Object.entries(a)
    const other = new Map(Object.entries(b))
    return (
      entries.length === other.size && entries.every(([key, value]) => other.has(key) && same(value, other.get(key)))
    )
  }
  return a === b || (Number.isNaN(a) && Number.isNaN(b))
}
