import { readdirSync, readFileSync } from 'node:fs'
import { Unpackr } from 'msgpackr'
import t from 'tap'
import { arrayToControl, controlToArray, decodeControl, encodeControl } from '../../src/protocol/control.js'
import { framesToText, TextReader } from '../../src/protocol/json.js'
import { MetadataReader } from '../../src/protocol/metadata.js'
import { OP_NAMES, Op } from '../../src/protocol/ops.js'
import { EventScanner, frameEnd } from '../../src/protocol/scan.js'
import { checkPattern, checkTopic, topicMatches } from '../../src/protocol/topic.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { repositoryPath } from '../helpers/repository.js'

const unpackr = new Unpackr({ useRecords: false })
const scanner = new EventScanner()
const metadataReader = new MetadataReader()
const textReader = new TextReader()

interface Case {
  name: string
}

function vectors<T>(file: string, list: string): (T & Case)[] {
  const cases = JSON.parse(readFileSync(repositoryPath('test', 'vectors', file), 'utf8'))[list]
  if (!Array.isArray(cases) || cases.length === 0) throw new Error(`no ${list} in ${file}`)
  return cases
}

/** Buffer.from would stop silently at what is no hex. */
function fromHex(text: string): Buffer {
  const digits = text.replaceAll(' ', '')
  const bytes = Buffer.from(digits, 'hex')
  if (bytes.length * 2 !== digits.length) throw new Error(`not hex: ${text}`)
  return bytes
}

const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** What reading one frame at the start of `bytes` answers: its end, or a negative code. */
function readFrame(bytes: Uint8Array, end: number): number {
  if (end >= 2 && (bytes[0] & 0xf0) === 0x90 && bytes[1] === Op.EVENT) {
    const answer = scanner.scan(bytes, 0, end)
    if (answer < 0 || scanner.metadataStart === scanner.metadataEnd) return answer
    return -metadataReader.read(bytes, scanner.metadataStart, scanner.metadataEnd) || answer
  }
  const answer = frameEnd(bytes, 0, end)
  if (answer < 0) return answer
  const frame = decodeControl(bytes, 0, answer)
  return typeof frame === 'number' ? -frame : answer
}

t.test('events', async (t) => {
  interface EventCase {
    frame: string
    topic: string
    lane: number
    payload: string
    metadata: object | null
    shortest: boolean
  }
  for (const { name, frame, topic, lane, payload, metadata, shortest } of vectors<EventCase>('events.json', 'events')) {
    const bytes = fromHex(frame)
    t.equal(readFrame(bytes, bytes.length), bytes.length, name)
    const metadataBytes = bytes.subarray(scanner.metadataStart, scanner.metadataEnd)
    t.strictSame(
      {
        topic: bytes.toString('utf8', scanner.topicStart, scanner.topicEnd),
        lane: scanner.lane,
        payload: toHex(bytes.subarray(scanner.payloadStart, scanner.payloadEnd)),
        metadata:
          metadataBytes.length === 0 ? null : JSON.parse(JSON.stringify(unpackr.unpack(metadataBytes), asNumber)),
      },
      { topic, lane, payload, metadata },
      name,
    )
    if (!shortest) continue
    const encoded = encodeEvent(topic, lane, fromHex(payload), metadata === null ? undefined : metadataBytes)
    t.equal(toHex(encoded), toHex(bytes), `${name}: encoded`)
  }
})

function asNumber(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}

const OPS = new Map(Object.entries(OP_NAMES).map(([op, name]) => [name, Number(op)]))

t.test('control frames', async (t) => {
  const seen = new Set<string>()
  for (const { name, frame, fields, shortest } of vectors<{
    frame: string
    fields: [string, ...unknown[]]
    shortest: boolean
  }>('control.json', 'frames')) {
    const bytes = fromHex(frame)
    t.equal(readFrame(bytes, bytes.length), bytes.length, name)
    const decoded = decodeControl(bytes, 0, bytes.length)
    const expected = arrayToControl([OPS.get(fields[0]), ...fields.slice(1)])
    t.strictSame(decoded, expected, name)
    if (typeof decoded === 'number') continue
    t.strictSame(controlToArray(decoded), [OPS.get(fields[0]), ...fields.slice(1)], `${name}: as array`)
    if (shortest) t.equal(toHex(encodeControl(decoded)), toHex(bytes), `${name}: encoded`)
    seen.add(fields[0])
  }
  t.strictSame(seen.size, OPS.size - 1, 'every op but event has a vector')
})

t.test('malformed frames', async (t) => {
  for (const { name, bytes, code } of vectors<{ bytes: string; code: number }>('malformed.json', 'frames')) {
    const cut = fromHex(bytes)
    t.equal(readFrame(cut, cut.length), -code, name)
    for (const poison of [0x00, 0xc0, 0xff]) {
      t.equal(readFrame(Buffer.concat([cut, Buffer.alloc(64, poison)]), cut.length), -code, `${name}, before ${poison}`)
    }
  }
})

t.test('topics and patterns', async (t) => {
  interface TextCase {
    text?: string
    bytes?: string
    code: number
  }
  for (const [list, check] of [
    ['topics', checkTopic],
    ['patterns', checkPattern],
  ] as const) {
    for (const { name, text, bytes, code } of vectors<TextCase>('topics.json', list)) {
      const content = text === undefined ? fromHex(bytes as string) : Buffer.from(text)
      t.equal(check(content, 0, content.length), code, `${list}: ${name}`)
    }
  }
  for (const { name, pattern, topic, matches } of vectors<{ pattern: string; topic: string; matches: boolean }>(
    'topics.json',
    'matches',
  )) {
    t.equal(topicMatches(pattern, topic), matches, name)
  }
})

t.test('JSON subprotocol', async (t) => {
  type Pair = { line: string; frame: string }
  const read = (name: string, line: string, frame: string) => {
    textReader.read(line)
    t.strictSame(textReader.refused, [], name)
    t.equal(toHex(textReader.bytes.subarray(0, textReader.length)), toHex(fromHex(frame)), `${name}: read`)
  }
  const write = (name: string, line: string, frame: string) => {
    const bytes = fromHex(frame)
    t.equal(framesToText(bytes, 0, bytes.length), line, `${name}: written`)
  }
  for (const { name, line, frame } of vectors<Pair>('json.json', 'both')) {
    read(name, line, frame)
    write(name, line, frame)
  }
  for (const { name, line, frame } of vectors<Pair>('json.json', 'read')) read(name, line, frame)
  for (const { name, line, frame } of vectors<Pair>('json.json', 'write')) write(name, line, frame)
  for (const { name, line, code, request } of vectors<{ line: string; code: number; request: number }>(
    'json.json',
    'refused',
  )) {
    textReader.read(line)
    t.strictSame(
      textReader.refused.map((refused) => [refused.code, refused.request]),
      [[code, request]],
      name,
    )
    t.equal(textReader.length, 0, `${name}: no frame`)
  }
})

t.test('no file of vectors is forgotten, and names are their own', async (t) => {
  const files = readdirSync(repositoryPath('test', 'vectors')).filter((name) => name.endsWith('.json'))
  t.strictSame(files.sort(), ['control.json', 'events.json', 'json.json', 'malformed.json', 'topics.json'])
  for (const file of files) {
    const lists = JSON.parse(readFileSync(repositoryPath('test', 'vectors', file), 'utf8')) as Record<string, Case[]>
    for (const [list, cases] of Object.entries(lists)) {
      t.equal(new Set(cases.map(({ name }) => name)).size, cases.length, `${file} ${list}`)
    }
  }
})
