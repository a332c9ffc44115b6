import { Code } from './codes.js'
import { fromBase64, JSON_NESTING_MAX, LONE_SURROGATE, nestsDeeper, RAW } from './json-escapes.js'
import type { JsonValuePacker } from './json-pack.js'
import { type JsonValueText, utf8Text } from './json-text.js'
import { skipValue } from './skip.js'

/** What an event's media type makes of its payload in the JSON subprotocol. */
export type PayloadKind = 'value' | 'json' | 'text' | 'bytes'

/** @param type metadata `type`; null when absent: one msgpack value. */
export function payloadKind(type: string | null): PayloadKind {
  if (type === null) return 'value'
  const [media, ...parameters] = type.toLowerCase().split(';')
  if (media.trim() === 'application/json') return 'json'
  if (!media.trim().startsWith('text/')) return 'bytes'
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='))
  return charset === undefined || /^charset="?(utf-8|us-ascii)"?$/.test(charset) ? 'text' : 'bytes'
}

/** The `type` in the well-formed metadata map in bytes[start, end), or null. As in any map, the last of doubles counts. */
export function mediaType(bytes: Buffer, start: number, end: number): string | null {
  const lead = bytes[start]
  let pos = start + (lead === 0xdf ? 5 : lead === 0xde ? 3 : 1)
  let type: string | null = null
  while (pos < end) {
    const key = pos
    const value = skipValue(bytes, key, end)
    pos = skipValue(bytes, value, end)
    if (stringAt(bytes, key, value) === 'type') type = stringAt(bytes, value, pos) ?? type
  }
  return type
}

function stringAt(bytes: Buffer, start: number, end: number): string | null {
  const lead = bytes[start]
  if ((lead & 0xe0) === 0xa0) return bytes.toString('utf8', start + 1, end)
  if (lead < 0xd9 || lead > 0xdb) return null
  return bytes.toString('utf8', start + 1 + (1 << (lead - 0xd9)), end)
}

/** Bytes that are not what they are said to be, or of a type that JSON has no better form for. */
export function rawText(bytes: Buffer, start: number, end: number): string {
  return `{"${RAW}":"${bytes.toString('base64', start, end)}"}`
}

/** JSON text, on one line, of the payload in bytes[start, end). */
export function payloadText(
  bytes: Buffer,
  start: number,
  end: number,
  kind: PayloadKind,
  values: JsonValueText,
): string {
  let text: string | null = null
  if (kind === 'value') text = values.write(bytes, start, end)
  else if (kind !== 'bytes') {
    text = utf8Text(bytes, start, end)
    if (text !== null) text = kind === 'text' ? JSON.stringify(text) : oneLine(text)
  }
  return text ?? rawText(bytes, start, end)
}

/** JSON text as it is, so that long numbers keep their digits; null if it is not JSON, or would be taken for raw bytes. */
function oneLine(text: string): string | null {
  if (nestsDeeper(text, 0, text.length, JSON_NESTING_MAX - 1)) return null
  try {
    if (isRaw(JSON.parse(text))) return null
  } catch {
    return null
  }
  // Inside a JSON string they cannot stand, so here they are white space.
  return text.replace(/[\r\n]/g, ' ')
}

function isRaw(value: unknown): value is { [RAW]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const keys = Object.keys(value)
  return keys.length === 1 && keys[0] === RAW
}

/**
 * Appends a JSON value as the bin that a payload is.
 * @returns 0, TOO_DEEP, BAD_JSON, or BAD_ARGUMENTS when the value is none that a payload of this kind may have
 */
export function packPayload(value: unknown, kind: PayloadKind, packer: JsonValuePacker): number {
  if (isRaw(value)) {
    const bytes = fromBase64(value[RAW])
    if (bytes === null) return Code.BAD_ARGUMENTS
    packer.packBin(bytes)
    return 0
  }
  switch (kind) {
    case 'value':
      return packValue(value, packer)
    case 'json':
      // JSON.stringify would put null for it.
      if (hasInfinity(value)) return Code.BAD_JSON
      packer.packBin(Buffer.from(JSON.stringify(value)))
      return 0
    case 'text':
      if (typeof value !== 'string') return Code.BAD_ARGUMENTS
      if (LONE_SURROGATE.test(value)) return Code.BAD_JSON
      packer.packBin(Buffer.from(value))
      return 0
    case 'bytes':
      return Code.BAD_ARGUMENTS
  }
}

/** Whether there was a number beyond all doubles, for which JSON.parse answers so. */
function hasInfinity(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(hasInfinity)
}

const BIN32_LEAD_BYTES = 5

/** The length is known afterwards: the value is written behind the longest lead and moved up to the one it needs. */
function packValue(value: unknown, packer: JsonValuePacker): number {
  const start = packer.pos
  packer.reserve(BIN32_LEAD_BYTES)
  packer.pos += BIN32_LEAD_BYTES
  const code = packer.pack(value)
  if (code !== 0) return code
  const from = start + BIN32_LEAD_BYTES
  const to = packer.pos
  packer.pos = start
  packer.placeBin(from, to)
  return 0
}
