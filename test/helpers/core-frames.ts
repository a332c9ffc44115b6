import { Packr } from 'msgpackr'
import { type ControlFrame, decodeControl, encodeControl } from '../../src/protocol/control.js'
import { EventScanner, frameEnd } from '../../src/protocol/scan.js'
import { encodeEvent } from '../../src/protocol/write.js'

const packr = new Packr({ useRecords: false, variableMapSize: true })
const scanner = new EventScanner()

export interface Metadata {
  id?: string
  ttl?: number
  key?: string
  type?: string
}

/** An EVENT frame whose payload is the given text or bytes. */
export function eventFrame(topic: string, payload: string | Uint8Array, lane = 3, metadata?: Metadata): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
  const map = metadata === undefined ? undefined : packr.pack(metadata)
  return Buffer.from(encodeEvent(topic, lane, bytes, map))
}

export function controlFrame(frame: ControlFrame): Buffer {
  return Buffer.from(encodeControl(frame))
}

/** Any value as msgpack, for frames that are wrong. */
export function packed(value: unknown): Buffer {
  return Buffer.from(packr.pack(value))
}

export interface SeenEvent {
  op: 1
  topic: string
  lane: number
  payload: string
}
export type Seen = SeenEvent | ControlFrame

/** What a peer reads from one or more whole frames. Throws on anything that is not a frame of the protocol. */
export function readFrames(bytes: Uint8Array): Seen[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const seen: Seen[] = []
  for (let pos = 0; pos < buffer.length; ) {
    const end = frameEnd(buffer, pos, buffer.length)
    if (end < 0) throw new Error(`no frame at byte ${pos}: ${buffer.toString('hex', pos, pos + 16)}`)
    if (buffer[pos + 1] === 1) {
      if (scanner.scan(buffer, pos, end) !== end) throw new Error(`no event at byte ${pos}`)
      seen.push({
        op: 1,
        topic: buffer.toString('utf8', scanner.topicStart, scanner.topicEnd),
        lane: scanner.lane,
        payload: buffer.toString('utf8', scanner.payloadStart, scanner.payloadEnd),
      })
    } else {
      const frame = decodeControl(buffer, pos, end)
      if (typeof frame === 'number') throw new Error(`control frame with code ${frame} at byte ${pos}`)
      seen.push(frame)
    }
    pos = end
  }
  return seen
}
