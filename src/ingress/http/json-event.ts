import { isUtf8 } from 'node:buffer'
import { Code } from '../../protocol/codes.js'
import { JSON_NESTING_MAX, nestsDeeper } from '../../protocol/json-escapes.js'
import type { JsonValuePacker } from '../../protocol/json-pack.js'
import { packPayload } from '../../protocol/json-payload.js'
import { Op } from '../../protocol/ops.js'
import { EVENT_LEAD, EVENT_LEAD_WITH_METADATA } from '../../protocol/scan.js'
import { Problem } from './problem.js'

/** What all events of one request have in common. */
export interface EventHead {
  readonly topic: string
  readonly lane: number
  /** Null when there is none. */
  readonly metadata: Uint8Array | null
}

/** The text of bytes[start, end), or null if they are not UTF-8. */
export function strictText(bytes: Uint8Array, start = 0, end = bytes.length): string | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
  return isUtf8(buffer) ? buffer.toString('utf8') : null
}

/** Why JSON text gives no event. */
export interface BadJson {
  code: Code
  detail: string
  /** Whether it took an exception to find out, which costs some microseconds. */
  isBroken: boolean
}

export const NOT_UTF8: BadJson = { code: Code.BAD_BODY, detail: 'this is not UTF-8', isBroken: false }
const TOO_DEEP: BadJson = { code: Code.TOO_DEEP, detail: 'this is nested too deeply', isBroken: false }
const UNFIT: BadJson = {
  code: Code.BAD_BODY,
  detail: 'this has a number beyond all doubles, or a string with half a character',
  isBroken: false,
}
const BAD_ESCAPE: BadJson = {
  code: Code.BAD_BODY,
  detail:
    'this has an object whose only key is one of $bin, $int, $float, $map and $raw, and whose value does not fit it',
  isBroken: false,
}

/**
 * Appends an EVENT frame whose payload is the value of JSON text as one msgpack value: what the same line of the JSON subprotocol would give. After a
 * failure the packer stands where it stood.
 */
export function packJsonEvent(packer: JsonValuePacker, head: EventHead, text: string): BadJson | null {
  // The array that is a frame of the JSON subprotocol is one level.
  if (nestsDeeper(text, 0, text.length, JSON_NESTING_MAX - 1)) return TOO_DEEP
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { code: Code.BAD_BODY, detail: `this is not JSON: ${(error as Error).message}`, isBroken: true }
  }
  const { metadata } = head
  const start = packer.pos
  packer.reserve(2)
  packer.bytes[packer.pos++] = metadata === null ? EVENT_LEAD : EVENT_LEAD_WITH_METADATA
  packer.bytes[packer.pos++] = Op.EVENT
  packer.packString(head.topic)
  packer.reserve(1)
  packer.bytes[packer.pos++] = head.lane
  const code = packPayload(value, 'value', packer)
  if (code !== 0) {
    packer.pos = start
    if (code === Code.TOO_DEEP) return TOO_DEEP
    return code === Code.BAD_ARGUMENTS ? BAD_ESCAPE : UNFIT
  }
  if (metadata !== null) packer.append(metadata, metadata.length)
  return null
}

export function problemOf({ code, detail }: BadJson): Problem {
  return new Problem(code, detail)
}
