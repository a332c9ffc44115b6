import { packJsonEvent, strictText } from '../../../src/ingress/http/json-event.js'
import { Code } from '../../../src/protocol/codes.js'
import { TextReader } from '../../../src/protocol/json.js'
import { JsonValuePacker } from '../../../src/protocol/json-pack.js'
import { EventScanner } from '../../../src/protocol/scan.js'
import { must } from '../target.js'
import { words as jsonWords } from './json-text.js'

/** One event as a JSON body over HTTP: the same bytes as the same line of the JSON subprotocol gives. */

const HEAD = { topic: 'a.b', lane: 5, metadata: null }
const packer = new JsonValuePacker()
const reader = new TextReader()
const scanner = new EventScanner()

export const words = jsonWords

export function handle(input: Buffer): unknown {
  const text = strictText(input)
  packer.pos = 0
  return text === null ? null : packJsonEvent(packer, HEAD, text)
}

export function fuzz(input: Buffer): void {
  const text = strictText(input)
  if (text === null) return
  packer.shrink(1 << 20)
  const bad = packJsonEvent(packer, HEAD, text)
  const frame = packer.bytes.subarray(0, packer.pos)
  // Line ends are white space in JSON text, and what it stands in as an element of an array must not close that.
  const line = `["event","a.b",5,${text.replace(/[\r\n]/g, ' ')}]`
  if (bad === null) {
    must(scanner.scan(frame, 0, frame.length) === frame.length, 'an event of ours is well formed')
    must(frame.length <= 12 + 9 * input.length, 'a packed event is bounded by its text', frame.length, input.length)
    reader.read(line)
    must(reader.refused.length === 0, 'the line of the JSON subprotocol is good too', reader.refused, text)
    must(
      frame.equals(reader.bytes.subarray(0, reader.length)),
      'and gives the same event',
      frame,
      reader.bytes.subarray(0, reader.length),
    )
    return
  }
  must(packer.pos === 0, 'nothing is left of what was refused', packer.pos)
  must(bad.code === Code.BAD_BODY || bad.code === Code.TOO_DEEP, 'one of two codes', bad.code)
  must(bad.isBroken === !isJson(text) || bad.code === Code.TOO_DEEP, 'broken is what is not JSON', bad.detail)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
