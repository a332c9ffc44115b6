import { HELLO_BYTES_MAX, judgeHello } from '../../../src/ingress/tls/client-hello.js'
import { hashOf, must } from '../target.js'

/** The first bytes of a connection that should speak TLS. */

export const words = ['\x16\x03\x01', '\x16\x03\x03\x40\x00', 'GET ', 'PRI * HTTP/2.0', '\x40\x01'].map((word) =>
  Buffer.from(word, 'latin1'),
)

export function handle(input: Buffer): unknown {
  return judgeHello(input)
}

export function fuzz(input: Buffer): void {
  const whole = judgeHello(input)
  const cut = hashOf(input) % (input.length + 1)
  const before = judgeHello(input.subarray(0, cut))
  must(before === 'incomplete' || before === whole, 'more bytes change no verdict', before, whole, cut)
  if (whole === 'incomplete') must(input.length < HELLO_BYTES_MAX, 'no more than so many bytes are waited for')
  if (whole === 'complete') {
    must(input[0] === 22 && input[1] === 3 && input.length >= 5 + input.readUInt16BE(3), 'a whole record')
  }
  if (whole === 'http') must(/^[A-Z]/.test(input.toString('latin1', 0, 1)), 'HTTP begins with a method')
}
