import { Unpackr } from 'msgpackr'
import { CODES, Code } from '../../../src/protocol/codes.js'
import { decodeControl } from '../../../src/protocol/control.js'
import { BROKEN_LINES_MAX, framesToText, TextReader } from '../../../src/protocol/json.js'
import { mediaType, type PayloadKind, payloadKind } from '../../../src/protocol/json-payload.js'
import { TOPIC_BYTES_MAX } from '../../../src/protocol/limits.js'
import { Op } from '../../../src/protocol/ops.js'
import { EventScanner, frameEnd } from '../../../src/protocol/scan.js'
import { agrees, isPlain, same } from '../json-values.js'
import { must } from '../target.js'

/** A text message of the JSON subprotocol: from text to frames, and back. */

const KNOWN_CODES: ReadonlySet<number> = new Set(CODES.map(({ code }) => code))
const decoder = new TextDecoder()
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false })
const scanner = new EventScanner()
const reader = new TextReader()
const readerAgain = new TextReader()

export const words = [
  '["event","a.b",3,{"id":1}]\n',
  '["event","a",0,"x",{"ttl":1000,"type":"text/plain","id":"i"}]\n',
  '["event","a",0,[1.5,-0.0,1e999],{"type":"application/json"}]\n',
  '["subscribe",1,"a.>",{"policy":"conflate","bytesMax":5}]\n',
  '["sync",1]\n',
  ...['{"$bin":"AAE="}', '{"$raw":"gA=="}', '{"$int":"18446744073709551615"}', '{"$int":"-9223372036854775808"}'],
  ...['{"$float":"NaN"}', '{"$float":"-0"}', '{"$map":[[1,2]]}', '{"$map":[["$bin","x"]]}', '"__proto__":{"a":1}'],
  ...['"constructor":', '\\ud800', '\\ud83d\\ude00', '-0.0', '1e400', '9007199254740993', '4294967296', '-2147483649'],
  ...['"\\u0000"', '\u2028', '\ufeff', '[[[[', '{"a":', 'null', 'true', '\r\n'],
]

export function handle(input: Buffer): unknown {
  reader.read(decoder.decode(input))
  return framesToText(reader.bytes, 0, reader.length)
}

export function fuzz(input: Buffer): void {
  const text = decoder.decode(input)
  reader.read(text)
  const frames = checkFrames(text)
  checkRefusals(text, frames)
  const back = framesToText(reader.bytes, 0, reader.length)
  const lines = back === '' ? [] : back.split('\n')
  must(lines.length === frames, 'each frame is one line', lines.length, frames)
  readerAgain.read(back)
  must(readerAgain.refused.length === 0, 'what we say can be read', back)
  const again = framesToText(readerAgain.bytes, 0, readerAgain.length).split('\n')
  for (const [i, line] of lines.entries()) {
    must(same(JSON.parse(line), JSON.parse(again[i])), 'what is read back says the same', line, again[i])
  }
}

/** @returns how many there are */
function checkFrames(text: string): number {
  const { bytes, length } = reader
  let frames = 0
  let only: Buffer | null = null
  let kind: PayloadKind = 'value'
  for (let pos = 0; pos < length; frames++) {
    const end = frameEnd(bytes, pos, length)
    must(end > pos && end <= length, 'a frame of ours is well formed', end)
    if (bytes[pos + 1] === Op.EVENT) {
      must(scanner.scan(bytes, pos, length) === end, 'an event of ours is well formed')
      kind = scanner.metadataStart === scanner.metadataEnd ? 'value' : kindOf(bytes)
      only = Buffer.from(payloadOf(bytes))
    } else must(typeof decodeControl(bytes, pos, end) === 'object', 'a frame of ours can be decoded')
    pos = end
  }
  // What the payload is, read by another decoder.
  if (frames === 1 && reader.refused.length === 0 && only !== null) {
    const [line] = text.split('\n').filter(isSaying)
    const [, , , payload] = JSON.parse(line.trim()) as unknown[]
    if (kind === 'value' && isPlain(payload)) {
      must(agrees(payload, unpackr.unpack(only)), 'msgpackr reads the value that JSON.parse does', text)
    } else if (kind === 'json' && isPlain(payload)) {
      must(same(payload, JSON.parse(only.toString())), 'JSON text says what it said', text)
    } else if (kind === 'text' && typeof payload === 'string')
      must(payload === only.toString(), 'text is as it was', text)
  }
  return frames
}

/** Lines of white space and control characters are skipped. */
function isSaying(line: string): boolean {
  return /[^\0-\x20]/.test(line)
}

function kindOf(bytes: Uint8Array): PayloadKind {
  const { metadataStart, metadataEnd } = scanner
  return payloadKind(mediaType(Buffer.from(bytes.subarray(metadataStart, metadataEnd)), 0, metadataEnd - metadataStart))
}

function payloadOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(scanner.payloadStart, scanner.payloadEnd)
}

function checkRefusals(text: string, frames: number): void {
  let at = 0
  let lines = frames
  for (const { code, count, events, topic, at: place, line, message, request } of reader.refused) {
    must(KNOWN_CODES.has(code), 'a refusal is a code of the table', code)
    must(count >= 1 && events >= 0 && events <= count, 'as many events as lines at most', count, events)
    must(topic === null || Buffer.byteLength(topic) <= TOPIC_BYTES_MAX, 'a topic that is told is not too long')
    must(place >= at && place <= reader.length, 'in the order of the lines', place)
    must(line >= 1 && line <= reader.lineCount, 'a line of the text', line)
    must(message.length < 1000, 'a message of some length', message.length)
    must(Number.isSafeInteger(request) && request >= 0, 'a request number', request)
    at = place
    lines += count
  }
  if (reader.brokenLines > BROKEN_LINES_MAX) {
    must(reader.refused.at(-1)?.code === Code.BAD_JSON, 'it is told that the rest was not read')
    return
  }
  const expected = text.split('\n').filter(isSaying).length
  must(lines === expected, 'each line that is not empty is a frame or refused', lines, expected)
}
