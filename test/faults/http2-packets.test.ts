import t from 'tap'
import { Flag, frame, PREFACE, RawHttp2, request, settings, Type, uint32 } from '../helpers/http2-raw.js'
import { Http2Target } from './http2-target.js'

const goaway = (code: number): Buffer => frame(Type.GOAWAY, 0, 0, Buffer.concat([uint32(0), uint32(code)]))
const body = (stream: number, text = 'x'): Buffer => frame(Type.DATA, 0, stream, Buffer.from(text))
const post = (stream: number): Buffer => request(stream, { method: 'POST', endStream: false })

/** What makes node:http2 end the session in the middle of a packet. */
const ENDS: [name: string, frames: Buffer][] = [
  ['GOAWAY with an error', goaway(2)],
  ['GOAWAY without one', goaway(0)],
  ['the answer to no PING', frame(Type.PING, Flag.ACK, 0, Buffer.alloc(8))],
  ['the answer to no SETTINGS', Buffer.concat([frame(Type.SETTINGS, Flag.ACK, 0), frame(Type.SETTINGS, Flag.ACK, 0)])],
  ['DATA after the end', Buffer.concat([request(1), body(1)])],
  ['HEADERS after the end', Buffer.concat([request(1), request(1)])],
  [
    'more PINGs than allowed',
    Buffer.concat(Array.from({ length: 300 }, () => frame(Type.PING, 0, 0, Buffer.alloc(8)))),
  ],
  ['empty DATA', Buffer.concat([post(1), ...Array.from({ length: 100 }, () => body(1, ''))])],
]

t.setTimeout(60_000)

t.test('what follows in the packet that ends a session harms nobody', async (t) => {
  const target = await Http2Target.start(t)
  for (const [name, frames] of ENDS) {
    const rest = [post(3), body(3), post(5), body(5), request(7)]
    const one = await RawHttp2.open(target.port)
    one.send(post(101), frames, ...rest.flatMap((_, i) => [post(103 + 2 * i), body(103 + 2 * i)]))
    const two = await RawHttp2.silent(target.port)
    two.send(PREFACE, settings(), frames, ...rest)
    const three = await RawHttp2.open(target.port)
    three.send(frames, ...rest)
    for (const client of [one, two, three]) {
      client.socket.end()
      await client.untilClosed()
    }
    t.ok(target.isRunning, name)
    await target.report()
  }
})
