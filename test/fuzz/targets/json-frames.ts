import { framesToText, TextReader } from '../../../src/protocol/json.js'
import { mediaType, payloadKind } from '../../../src/protocol/json-payload.js'
import { METADATA_BYTES_MAX } from '../../../src/protocol/limits.js'
import { MetadataReader } from '../../../src/protocol/metadata.js'
import { EventScanner } from '../../../src/protocol/scan.js'
import { checkTopic } from '../../../src/protocol/topic.js'
import { encodeEvent } from '../../../src/protocol/write.js'
import { same } from '../json-values.js'
import { must } from '../target.js'

/** Events on their way to a subscriber of the JSON subprotocol: from frames to text, and back. */

const scanner = new EventScanner()
const scannerAgain = new EventScanner()
const metadata = new MetadataReader()
const reader = new TextReader()

const typed = (type: string): Buffer =>
  Buffer.concat([Buffer.from('81a474797065', 'hex'), Buffer.of(0xa0 | type.length), Buffer.from(type)])

export const words = [
  encodeEvent('a', 3, Buffer.from('c0', 'hex')),
  encodeEvent('a.b', 0, Buffer.from('{"a":[1,2.50]}'), typed('application/json')),
  encodeEvent('a.b', 0, Buffer.from('text\n'), typed('text/plain')),
  encodeEvent('a.b', 0, Buffer.from('x'), typed('image/png')),
  typed('text/html;charset=latin1'),
  typed('Application/JSON; a=b'),
  ...[
    '81a161c0',
    '8101c0',
    '81a4246269 6ec0',
    'cb7ff8000000000000',
    'cb8000000000000000',
    'cf7fffffffffffffff',
    'cfffffffffffffffff',
  ],
  ...[
    'd38000000000000000',
    'ca7f800000',
    'a2c328',
    'a3eda080',
    'c1',
    'd4ff00',
    'dc0001c0',
    'df00000001a161c0',
    '9191919191919191',
  ],
].map((word) => (typeof word === 'string' ? Buffer.from(word.replace(' ', ''), 'hex') : word))

export function handle(input: Buffer): unknown {
  const end = eventsEnd(input)
  return framesToText(input, 0, end)
}

/** The events at the beginning that the daemon would hand on. */
function eventsEnd(bytes: Buffer): number {
  let pos = 0
  while (pos < bytes.length) {
    const end = scanner.scan(bytes, pos, bytes.length)
    if (end < 0 || checkTopic(bytes, scanner.topicStart, scanner.topicEnd) !== 0) break
    const { metadataStart, metadataEnd } = scanner
    if (metadataEnd - metadataStart > METADATA_BYTES_MAX) break
    if (metadataEnd > metadataStart && metadata.read(bytes, metadataStart, metadataEnd) !== 0) break
    pos = end
  }
  return pos
}

export function fuzz(input: Buffer): void {
  const end = eventsEnd(input)
  if (end === 0) return
  const text = framesToText(input, 0, end)
  const lines = text.split('\n')
  reader.read(text)
  must(reader.refused.length === 0, 'what we say can be read', reader.refused, text)
  const again = framesToText(reader.bytes, 0, reader.length).split('\n')
  must(again.length === lines.length, 'as many lines as before')
  let pos = 0
  let posAgain = 0
  for (const [i, line] of lines.entries()) {
    const said = JSON.parse(line) as unknown[]
    must(same(said, JSON.parse(again[i])), 'what is read back says the same', line, again[i])
    pos = scanner.scan(input, pos, end)
    posAgain = scannerAgain.scan(reader.bytes, posAgain, reader.length)
    must(said[1] === input.toString('utf8', scanner.topicStart, scanner.topicEnd), 'the topic', said[1])
    must(said[2] === scanner.lane && scannerAgain.lane === scanner.lane, 'the lane', said[2])
    comparePayloads(input, said[3])
  }
}

/** Payloads that are not understood come through byte for byte, and text does. */
function comparePayloads(bytes: Buffer, said: unknown): void {
  const { payloadStart, payloadEnd, metadataStart, metadataEnd } = scanner
  const kind = metadataEnd > metadataStart ? payloadKind(mediaType(bytes, metadataStart, metadataEnd)) : 'value'
  const isRaw = typeof said === 'object' && said !== null && Object.keys(said).join() === '$raw'
  if (!isRaw && kind !== 'text') return
  const payload = bytes.subarray(payloadStart, payloadEnd)
  const again = Buffer.from(reader.bytes.buffer, reader.bytes.byteOffset).subarray(
    scannerAgain.payloadStart,
    scannerAgain.payloadEnd,
  )
  must(payload.equals(again), 'bytes come back as they were', payload, again)
}
