import { Code, closesConnection } from '../../../src/protocol/codes.js'
import { decodeControl } from '../../../src/protocol/control.js'
import { METADATA_BYTES_MAX } from '../../../src/protocol/limits.js'
import { MetadataReader } from '../../../src/protocol/metadata.js'
import { LANES, Op, PROTOCOL_VERSION } from '../../../src/protocol/ops.js'
import { EventScanner, frameEnd } from '../../../src/protocol/scan.js'
import { checkTopic, isSystemTopic } from '../../../src/protocol/topic.js'
import { encodeEvent } from '../../../src/protocol/write.js'
import { CoreHarness } from '../../helpers/core-harness.js'
import { cutUp, must } from '../target.js'
import { words as controlWords } from './control.js'

/**
 * Messages of one connection, up to the subscriber: what the router takes and hands on, which for events like the one before it finds by comparing bytes, is
 * what comes of looking at each frame by itself.
 */

const PAYLOAD_BYTES_MAX = 8192
/** Topics are kept for those that come again. */
const TOPICS_MAX = 2000
const scanner = new EventScanner()
const metadata = new MetadataReader()
let core = makeCore()

function makeCore(): CoreHarness {
  return new CoreHarness({ payloadBytesMax: PAYLOAD_BYTES_MAX, poison: false })
}

export const words = [
  ...['a', 'a.b', 'orders.eu.fast', '$sys.x', 'a..b'].flatMap((topic) => [
    encodeEvent(topic, 3, Buffer.from('x')),
    encodeEvent(topic, 0, Buffer.alloc(40, 1)),
    encodeEvent(topic, 7, Buffer.from(''), Buffer.from('81a374746c05', 'hex')),
  ]),
  ...controlWords,
]

export function handle(input: Buffer): unknown {
  const peer = core.peer()
  for (const message of cutUp(input)) if (!peer.session.outbox.ending) peer.send(message)
  core.turns()
  peer.close()
  return peer.session.accepted
}

interface Expected {
  /** By lane, the events that are handed on, back to back. */
  lanes: Buffer[][]
  accepted: number
  refused: number
  ends: boolean
}

export function fuzz(input: Buffer): void {
  if (core.router.topics.size > TOPICS_MAX) core = makeCore()
  const messages = cutUp(input)
  const expected: Expected = { lanes: Array.from({ length: LANES }, () => []), accepted: 0, refused: 0, ends: false }
  for (const message of messages) if (!expected.ends) expect(message, expected)

  const watcher = core.peer()
  watcher.subscribe('>')
  core.turns()
  watcher.link.take()
  const peer = core.peer()
  for (const message of messages) if (!peer.session.outbox.ending) peer.send(message)
  core.turns()
  const { accepted, refused } = peer.session
  must(peer.session.outbox.ending === expected.ends, 'it is ended when a frame ends it', expected.ends)
  must(accepted === expected.accepted, 'as many events are accepted', accepted, expected.accepted)
  must(refused === expected.refused, 'as many are refused', refused, expected.refused)
  compare(watcher.link.writes.splice(0), expected)
  must(core.broken.length === 0, 'the books are balanced', core.broken)
  peer.close()
  watcher.close()
  core.turns()
  const held = Object.entries(core.held).filter(([, count]) => count !== 0)
  must(held.length === 0, 'nothing is held when nothing is pending', held)
  must(core.router.sessions.size === 0, 'nobody is left')
}

function compare(writes: readonly Buffer[], expected: Expected): void {
  const lanes: Buffer[][] = Array.from({ length: LANES }, () => [])
  const bytes = Buffer.concat(writes)
  for (let pos = 0; pos < bytes.length; ) {
    const end = scanner.scan(bytes, pos, bytes.length)
    must(end > pos, 'the subscriber is sent events, and nothing else', bytes.subarray(pos))
    lanes[scanner.lane].push(bytes.subarray(pos, end))
    pos = end
  }
  for (const [lane, frames] of lanes.entries()) {
    const sent = Buffer.concat(frames)
    const wanted = Buffer.concat(expected.lanes[lane])
    must(sent.equals(wanted), 'the events of a lane come as they were sent', lane, sent, wanted)
  }
}

/** Each frame by itself, by docs/protocol.md. */
function expect(message: Buffer, expected: Expected): void {
  for (let pos = 0; pos < message.length; ) {
    const end = frameEnd(message, pos, message.length)
    if (message[pos + 1] === Op.EVENT && (message[pos] === 0x94 || message[pos] === 0x95)) {
      const next = scanner.scan(message, pos, message.length)
      if (next > 0) {
        const code = judge(message)
        if (code === 0) {
          expected.accepted++
          expected.lanes[scanner.lane].push(message.subarray(pos, next))
        } else expected.refused++
        if (closesConnection(code)) {
          expected.ends = true
          return
        }
        pos = next
        continue
      }
      if (end > 0) expected.refused++
    } else if (end > 0 && message[pos + 1] === Op.EVENT) expected.refused++
    else if (end > 0 && endsSession(message, pos, end)) {
      expected.ends = true
      return
    }
    if (end < 0) {
      expected.ends = true
      return
    }
    pos = end
  }
}

/** The event that the scanner stands on. */
function judge(bytes: Buffer): number {
  const { topicStart, topicEnd, payloadStart, payloadEnd, metadataStart, metadataEnd } = scanner
  if (payloadEnd - payloadStart > PAYLOAD_BYTES_MAX) return Code.PAYLOAD_TOO_LARGE
  if (metadataEnd - metadataStart > METADATA_BYTES_MAX) return Code.FRAME_TOO_LARGE
  if (metadataEnd > metadataStart && metadata.read(bytes, metadataStart, metadataEnd) !== 0) return Code.BAD_METADATA
  if (checkTopic(bytes, topicStart, topicEnd) !== 0) return Code.BAD_TOPIC
  return isSystemTopic(bytes, topicStart, topicEnd) ? Code.RESERVED_TOPIC : 0
}

function endsSession(bytes: Buffer, start: number, end: number): boolean {
  const frame = decodeControl(bytes, start, end)
  if (typeof frame === 'number') return closesConnection(frame)
  return frame.op === Op.HELLO && frame.info.version !== undefined && frame.info.version !== PROTOCOL_VERSION
}
