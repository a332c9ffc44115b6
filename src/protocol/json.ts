import { assert } from '../base/assert.js'
import { Code, codeMessage } from './codes.js'
import { arrayToControl, encodeControl } from './control.js'
import { fromBase64, hasLoneSurrogate, JSON_NESTING_MAX, LONE_SURROGATE, nestsDeeper, RAW } from './json-escapes.js'
import { JsonValuePacker } from './json-pack.js'
import { mediaType, packPayload, payloadKind, payloadText, rawText } from './json-payload.js'
import { JsonValueText } from './json-text.js'
import { CONTROL_BYTES_MAX, TOPIC_BYTES_MAX } from './limits.js'
import { FLAGS_LANE_MASK, OP_NAMES, Op } from './ops.js'
import { EVENT_LEAD, EVENT_LEAD_WITH_METADATA, EventScanner, frameEnd } from './scan.js'
import { skipValue } from './skip.js'

const OPS_BY_NAME: ReadonlyMap<string, Op> = new Map(
  Object.entries(OP_NAMES).map(([op, name]) => [name, Number(op) as Op]),
)

const scanner = new EventScanner()
const values = new JsonValueText()

/**
 * Frames back to back in bytes[start, end) as text of the JSON subprotocol: one array a line, no line end after the last. For the daemon: the
 * frames must be well formed, events with the topic and metadata checked. Payloads may be anything.
 */
export function framesToText(bytes: Uint8Array, start: number, end: number): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let text = ''
  let pos = start
  while (pos < end) {
    if (pos > start) text += '\n'
    if (buffer[pos + 1] === Op.EVENT) {
      pos = scanner.scan(buffer, pos, end)
      assert(pos > 0, 'frames of the daemon are well formed')
      text += eventText(buffer)
    } else {
      const next = frameEnd(buffer, pos, end)
      assert(next > 0, 'frames of the daemon are well formed')
      text += controlText(buffer, pos, next)
      pos = next
    }
  }
  return text
}

/** The event that the scanner stands on. */
function eventText(bytes: Buffer): string {
  const { topicStart, topicEnd, lane, payloadStart, payloadEnd, metadataStart, metadataEnd } = scanner
  const topic = JSON.stringify(bytes.toString('utf8', topicStart, topicEnd))
  if (metadataStart === metadataEnd) {
    return `["event",${topic},${lane},${payloadText(bytes, payloadStart, payloadEnd, 'value', values)}]`
  }
  const kind = payloadKind(mediaType(bytes, metadataStart, metadataEnd))
  const payload = payloadText(bytes, payloadStart, payloadEnd, kind, values)
  const metadata = values.write(bytes, metadataStart, metadataEnd) ?? rawText(bytes, metadataStart, metadataEnd)
  return `["event",${topic},${lane},${payload},${metadata}]`
}

function controlText(bytes: Buffer, start: number, end: number): string {
  let text = `["${OP_NAMES[bytes[start + 1]]}"`
  let pos = start + 2
  while (pos < end) {
    const next = skipValue(bytes, pos, end)
    text += `,${values.write(bytes, pos, next) ?? rawText(bytes, pos, next)}`
    pos = next
  }
  return `${text}]`
}

/** A line, or several alike, that gave no frame. */
export interface RefusedLines {
  code: Code
  /** For people: the table's, and what JSON.parse said of the first. */
  message: string
  /** Request number of the line, 0 if it had none. Lines with one are not merged. */
  request: number
  /** Lines refused. */
  count: number
  /** How many of them were events, which count as refused in SYNCED. */
  events: number
  /** Topic of the first event among them that named one of legal length. */
  topic: string | null
  /** They came after the frames in bytes[0, at) and before those that follow. */
  at: number
  /** Number of the first of them in the text, counted from 1. */
  line: number
}

/** A buffer grown beyond this by one text is not kept for the next. */
const RETAINED_BYTES_MAX = 1 << 20

/**
 * Lines of one text that may end in an exception of JSON.parse, at some microseconds each. After so many the text is taken to be
 * something else, and its rest is not read.
 */
export const BROKEN_LINES_MAX = 100

/** What of a line is known by the time it is refused. */
interface Line {
  request: number
  isEvent: boolean
  topic: string | null
}

const NO_LINE: Line = { request: 0, isEvent: false, topic: null }

/**
 * Reads text of the JSON subprotocol into frames. A bad line costs that line alone. One reader is made and reused: what it holds
 * is good until the next read. Whether topics and patterns are well formed is left to whoever takes the frames.
 */
export class TextReader {
  /** Frames of the good lines, back to back, in bytes[0, length). */
  bytes: Uint8Array = new Uint8Array(0)
  length = 0
  /** In the order of the lines. */
  refused: RefusedLines[] = []

  /** Lines of the text that were looked at. */
  lineCount = 0
  /** Lines that ended in an exception, in this text and those it goes on from. */
  brokenLines = 0

  /** Whether any character is written by its number: in UTF-8 there are no halves of characters otherwise. */
  private hasEscapes = false
  private readonly frames = new JsonValuePacker()
  private readonly metadata = new JsonValuePacker()
  /** Of each code, the last entry without a request number. */
  private readonly mergeable = new Map<Code, RefusedLines>()

  /**
   * @param text whole lines, as decoded from UTF-8; empty lines are skipped
   * @param brokenBefore broken lines of the texts that this one goes on from
   */
  read(text: string, brokenBefore = 0): void {
    this.frames.shrink(RETAINED_BYTES_MAX)
    this.hasEscapes = text.includes('\\u')
    this.refused = []
    this.mergeable.clear()
    this.lineCount = 0
    this.brokenLines = brokenBefore
    let start = 0
    while (start < text.length) {
      let end = text.indexOf('\n', start)
      if (end < 0) end = text.length
      this.lineCount++
      if (!isBlank(text, start, end)) this.readLine(text, start, end)
      start = end + 1
      if (this.brokenLines > BROKEN_LINES_MAX) {
        this.mergeable.clear()
        this.refuse(Code.BAD_JSON, NO_LINE, 'too many such lines; the rest of the message was not read')
        break
      }
    }
    this.bytes = this.frames.bytes
    this.length = this.frames.pos
  }

  private readLine(text: string, start: number, end: number): void {
    const line: Line = { request: 0, isEvent: false, topic: null }
    if (nestsDeeper(text, start, end, JSON_NESTING_MAX)) {
      this.refuse(Code.TOO_DEEP, line)
      return
    }
    const array = this.parseArray(text.slice(start, end))
    if (typeof array === 'string') {
      this.refuse(Code.BAD_JSON, line, array)
      return
    }
    const op = OPS_BY_NAME.get(array[0])
    const frameStart = this.frames.pos
    const code = op === Op.EVENT ? this.readEvent(array, line) : this.readControl(op, array, line)
    if (code !== 0) {
      this.frames.pos = frameStart
      this.refuse(code as Code, line)
    }
  }

  /** The array that begins with a string in `text`, or why there is none. Most of what is not JSON is told without an exception. */
  private parseArray(text: string): [string, ...unknown[]] | string {
    const trimmed = text.trim()
    if (!trimmed.startsWith('[') || !trimmed.endsWith(']')) return 'not an array'
    let value: unknown
    try {
      value = JSON.parse(trimmed)
    } catch (error) {
      this.brokenLines++
      return (error as Error).message
    }
    return Array.isArray(value) && typeof value[0] === 'string' ? (value as [string]) : 'the op is missing'
  }

  private readEvent(array: unknown[], line: Line): number {
    const [, topic, flags, payload, metadata] = array
    line.isEvent = true
    if (typeof topic !== 'string') return Code.BAD_ARGUMENTS
    if (Buffer.byteLength(topic) > TOPIC_BYTES_MAX) return Code.TOPIC_TOO_LONG
    line.topic = topic
    if (array.length !== 4 && array.length !== 5) return Code.BAD_ARGUMENTS
    if (!Number.isInteger(flags)) return Code.BAD_ARGUMENTS
    const lane = flags as number
    if (lane < 0 || lane > FLAGS_LANE_MASK) return Code.BAD_FLAGS
    const hasMetadata = array.length === 5
    let type: string | null = null
    if (hasMetadata) {
      const code = this.packMetadata(metadata)
      if (code !== 0) return code
      type = mediaType(this.metadata.bytes, 0, this.metadata.pos)
    }
    const { frames } = this
    frames.reserve(2)
    frames.bytes[frames.pos++] = hasMetadata ? EVENT_LEAD_WITH_METADATA : EVENT_LEAD
    frames.bytes[frames.pos++] = Op.EVENT
    if (frames.packString(topic) !== 0) return Code.BAD_TOPIC
    frames.reserve(1)
    frames.bytes[frames.pos++] = lane
    const code = packPayload(payload, payloadKind(type), frames)
    if (code === 0 && hasMetadata) frames.append(this.metadata.bytes, this.metadata.pos)
    return code
  }

  /** Packs the metadata aside: it stands behind the payload, and says what the payload is. */
  private packMetadata(value: unknown): number {
    const { metadata } = this
    metadata.shrink(RETAINED_BYTES_MAX)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return Code.BAD_METADATA
    if (Object.keys(value).length === 1 && RAW in value) {
      const raw = fromBase64(value[RAW])
      if (raw === null || skipValue(raw, 0, raw.length) !== raw.length) return Code.BAD_METADATA
      metadata.append(raw, raw.length)
    } else {
      const code = metadata.pack(value)
      if (code !== 0) return code
    }
    const lead = metadata.bytes[0]
    return (lead & 0xf0) === 0x80 || lead === 0xde || lead === 0xdf ? 0 : Code.BAD_METADATA
  }

  private readControl(op: Op | undefined, array: unknown[], line: Line): number {
    if (op !== Op.PING && op !== Op.PONG && isRequest(array[1])) line.request = array[1]
    if (op === undefined) return Code.UNKNOWN_OP
    const frame = arrayToControl([op, ...array.slice(1)])
    if (typeof frame === 'number') return frame
    if ('pattern' in frame && LONE_SURROGATE.test(frame.pattern)) return Code.BAD_PATTERN
    if (this.hasEscapes && hasLoneSurrogate(array)) return Code.BAD_JSON
    const bytes = encodeControl(frame)
    if (bytes.length > CONTROL_BYTES_MAX) return Code.FRAME_TOO_LARGE
    const end = skipValue(bytes, 0, bytes.length)
    if (end < 0) return -end
    this.frames.append(bytes, bytes.length)
    return 0
  }

  /** Notes a refused line. Like ones with no frame between are one entry, so that a flood of bad lines is a handful of answers. */
  private refuse(code: Code, line: Line, why?: string): void {
    const at = this.frames.pos
    const events = line.isEvent ? 1 : 0
    const earlier = line.request === 0 ? this.mergeable.get(code) : undefined
    if (earlier !== undefined && earlier.at === at) {
      earlier.count++
      earlier.events += events
      earlier.topic ??= line.topic
      return
    }
    const message = why === undefined ? codeMessage(code) : `${codeMessage(code)}: ${why}`
    const refused = {
      code,
      message,
      request: line.request,
      count: 1,
      events,
      topic: line.topic,
      at,
      line: this.lineCount,
    }
    this.refused.push(refused)
    if (line.request === 0) this.mergeable.set(code, refused)
  }
}

function isRequest(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isBlank(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (text.charCodeAt(i) > 0x20) return false
  return true
}
