import { skipValue } from './skip.js'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * How many values there are in the well-formed msgpack value that fills bytes[start, end), itself and keys included, as a negative number when some string
 * in it is not UTF-8. Decoders put other characters for what is not, so that two that differ on the wire would be the same afterwards.
 */
export function countValues(bytes: Uint8Array, start: number, end: number): number {
  let count = 0
  let isText = true
  for (let pos = start; pos < end; count++) {
    const lead = bytes[pos]
    const head = containerHead(lead)
    if (head > 0) {
      pos += head
      continue
    }
    const next = skipValue(bytes, pos, end)
    const text = pos + textHead(lead)
    if (text > pos && isText) isText = isUtf8(bytes, text, next)
    pos = next
  }
  return isText ? count : -count
}

/** Bytes before the first element of an array or map; 0 for what is neither. */
function containerHead(lead: number): number {
  if (lead >= 0x80 && lead <= 0x9f) return 1
  if (lead === 0xdc || lead === 0xde) return 3
  return lead === 0xdd || lead === 0xdf ? 5 : 0
}

/** Bytes before the first character of a string; 0 for what is none. */
function textHead(lead: number): number {
  if ((lead & 0xe0) === 0xa0) return 1
  return lead >= 0xd9 && lead <= 0xdb ? 1 + (1 << (lead - 0xd9)) : 0
}

function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let pos = start
  while (pos < end && bytes[pos] < 0x80) pos++
  if (pos === end) return true
  try {
    utf8.decode(bytes.subarray(pos, end))
    return true
  } catch {
    return false
  }
}
