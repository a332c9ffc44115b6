import { TOPIC_BYTES_MAX } from './limits.js'
import { Op } from './ops.js'
import { EVENT_LEAD, EVENT_LEAD_WITH_METADATA } from './scan.js'

/** Bytes that an EVENT frame may need besides topic, payload and metadata. */
export const EVENT_OVERHEAD_MAX = 2 + 2 + 1 + 5

/** What stands before the payload of every event of one topic and lane. */
export type EventHead = Uint8Array

const encoder = new TextEncoder()

/** Op, topic and flags of an EVENT frame, to be encoded once per topic and lane and then copied. The topic must be well formed. */
export function encodeEventHead(topic: string, lane: number, withMetadata: boolean): EventHead {
  const text = encoder.encode(topic)
  const length = text.length
  if (length > TOPIC_BYTES_MAX) throw new RangeError(`topic of ${length} bytes, at most ${TOPIC_BYTES_MAX}`)
  const prefix = length < 32 ? 3 : 4
  const head = new Uint8Array(prefix + length + 1)
  head[0] = withMetadata ? EVENT_LEAD_WITH_METADATA : EVENT_LEAD
  head[1] = Op.EVENT
  if (length < 32) head[2] = 0xa0 | length
  else {
    head[2] = 0xd9
    head[3] = length
  }
  head.set(text, prefix)
  head[prefix + length] = lane
  return head
}

/** Bytes that writeBinLead writes. */
export function binLeadLength(length: number): number {
  return length < 0x100 ? 2 : length < 0x10000 ? 3 : 5
}

/** Writes the lead of a bin of `length` bytes at `pos`. Returns the position of its first byte. */
export function writeBinLead(target: Uint8Array, pos: number, length: number): number {
  if (length < 0x100) {
    target[pos] = 0xc4
    target[pos + 1] = length
    return pos + 2
  }
  if (length < 0x10000) {
    target[pos] = 0xc5
    target[pos + 1] = length >>> 8
    target[pos + 2] = length
    return pos + 3
  }
  target[pos] = 0xc6
  target[pos + 1] = length >>> 24
  target[pos + 2] = length >>> 16
  target[pos + 3] = length >>> 8
  target[pos + 4] = length
  return pos + 5
}

/** One whole EVENT frame in bytes of its own. For streams of events, use the head and writeBinLead into a batch. */
export function encodeEvent(topic: string, lane: number, payload: Uint8Array, metadata?: Uint8Array): Uint8Array {
  const head = encodeEventHead(topic, lane, metadata !== undefined)
  const frame = new Uint8Array(head.length + 5 + payload.length + (metadata?.length ?? 0))
  frame.set(head)
  let pos = writeBinLead(frame, head.length, payload.length)
  frame.set(payload, pos)
  pos += payload.length
  if (metadata !== undefined) {
    frame.set(metadata, pos)
    pos += metadata.length
  }
  return frame.subarray(0, pos)
}
