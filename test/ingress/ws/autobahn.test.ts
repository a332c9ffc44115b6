import t from 'tap'
import { encodeControl } from '../../../src/protocol/control.js'
import { Op } from '../../../src/protocol/ops.js'
import { frameEnd } from '../../../src/protocol/scan.js'
import { NOTHING_LEFT, streamsHere } from '../../helpers/streams-server.js'
import { until } from '../../helpers/until.js'
import { closePayload } from '../../helpers/ws-frames.js'
import { WsSocket } from '../../helpers/ws-socket.js'
import { AUTOBAHN_CASES, AUTOBAHN_MESSAGE_BYTES_MAX, type AutobahnCase } from './autobahn-cases.js'

t.setTimeout(120_000)

const TEXT = 1
const BINARY = 2
const CLOSE = 8
const PONG = 10
const SYNC_REQUEST = 77

/** Frames of a msgpack session that have come, a character for a byte. */
function frames(socket: WsSocket): string[] {
  const all = Buffer.concat(socket.payloads(BINARY))
  const found: string[] = []
  for (let at = 0; at < all.length; ) {
    const end = frameEnd(all, at, all.length)
    if (end < 0) throw new Error('the daemon sent what is no frame')
    found.push(all.toString('latin1', at, end))
    at = end
  }
  return found
}

/** Lines of a JSON session that have come, in one spelling. */
function lines(socket: WsSocket): string[] {
  const all = socket.payloads(TEXT).flatMap((payload) => payload.toString().split('\n'))
  return all.map((line) => JSON.stringify(JSON.parse(line)))
}

/** Events that have come, as they were published. */
function echoed(socket: WsSocket, json: boolean): string[] {
  return json
    ? lines(socket).filter((line) => line.startsWith('["event"'))
    : frames(socket).filter((frame) => frame.charCodeAt(1) === Op.EVENT)
}

function expected({ json, echoed }: AutobahnCase): string[] {
  return echoed.map((one) => (json ? JSON.stringify(JSON.parse(String(one))) : Buffer.from(one).toString('latin1')))
}

function isSynced(socket: WsSocket, json: boolean): boolean {
  return json
    ? lines(socket).some((line) => line.startsWith(`["synced",${SYNC_REQUEST}`))
    : frames(socket).some((frame) => frame.charCodeAt(1) === Op.SYNCED)
}

function subscribe(socket: WsSocket, json: boolean): void {
  if (json) socket.send(TEXT, '["subscribe",0,">"]')
  else socket.send(BINARY, encodeControl({ op: Op.SUBSCRIBE, request: 0, pattern: '>', options: {} }))
}

function sync(socket: WsSocket, json: boolean): void {
  if (json) socket.send(TEXT, `["sync",${SYNC_REQUEST}]`)
  else socket.send(BINARY, encodeControl({ op: Op.SYNC, request: SYNC_REQUEST }))
}

t.test('the cases of the Autobahn suite', async (t) => {
  const under = await streamsHere(t, { messageBytesMax: AUTOBAHN_MESSAGE_BYTES_MAX }, { payloadBytesMax: 128 << 10 })
  for (const one of AUTOBAHN_CASES) {
    const { id, name, json, wire, pongs = [], close } = one
    const socket = json ? await WsSocket.json(under.port) : await WsSocket.open(under.port)
    subscribe(socket, json)
    for (const bytes of wire) socket.stream.write(bytes)
    if (close === undefined) {
      sync(socket, json)
      await until(`${id}: SYNCED`, () => isSynced(socket, json))
      await until(`${id}: all events`, () => echoed(socket, json).length >= one.echoed.length)
      socket.send(CLOSE, closePayload(1000))
    }
    const code = await socket.untilEnd()
    t.equal(code, close ?? 1000, `${id}: ${name}: close code`)
    // Events that were accepted right before a close need not have left by then.
    if (close === undefined) t.same(echoed(socket, json), expected(one), `${id}: ${name}: events`)
    t.same(
      socket.payloads(PONG).map((payload) => payload.toString('latin1')),
      pongs,
      `${id}: ${name}: pongs`,
    )
    socket.cut()
  }
  await until('all are gone', () => under.streams.connections === 0)
  const echoes = AUTOBAHN_CASES.reduce((sum, one) => sum + one.echoed.length, 0)
  t.equal(under.router.meters.accepted, echoes, 'every event was accepted, also those before a close')
  t.same(under.held, NOTHING_LEFT)
})
