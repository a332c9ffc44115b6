import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from '../../src/protocol/ops.js'
import { until } from './until.js'
import { clientFrame, ServerFrames } from './ws-frames.js'

/** An HTTP/1.1 answer. */
export interface Answer {
  status: number
  headers: Map<string, string>
  body: string
}

/** Lines of a proper request to upgrade, to be changed by tests. */
export function upgradeLines(protocol = SUBPROTOCOL_MSGPACK): string[] {
  return [
    'GET / HTTP/1.1',
    'Host: here',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    ...(protocol === '' ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ]
}

/** A WebSocket of which tests write and read every byte. */
export class WsSocket {
  readonly received = new ServerFrames()
  /** The peer has sent its last. */
  isEnded = false
  /** Nothing is left of the connection. */
  isClosed = false

  /** @param stream after the handshake */
  constructor(
    readonly stream: Duplex,
    early: Buffer = Buffer.alloc(0),
  ) {
    this.received.feed(early)
    stream.on('data', (chunk: Buffer) => this.received.feed(chunk))
    stream.on('end', () => {
      this.isEnded = true
    })
    stream.on('error', () => {})
    stream.on('close', () => {
      this.isClosed = true
    })
  }

  static async open(port: number, protocol = SUBPROTOCOL_MSGPACK): Promise<WsSocket> {
    const { answer, socket, rest } = await request(port, upgradeLines(protocol))
    if (answer.status !== 101) throw new Error(`no WebSocket: ${answer.status} ${answer.body}`)
    return new WsSocket(socket, rest)
  }

  static json(port: number): Promise<WsSocket> {
    return WsSocket.open(port, SUBPROTOCOL_JSON)
  }

  send(opcode: number, payload: Uint8Array | string = ''): void {
    this.stream.write(clientFrame(opcode, payload))
  }

  /** Payloads of the frames of one opcode that have come. */
  payloads(opcode: number): Buffer[] {
    return this.received.frames.filter((frame) => frame.opcode === opcode).map(({ payload }) => payload)
  }

  /** Code of the close frame; 1005 when it has none, null when there was no such frame. */
  get closeCode(): number | null {
    const [payload] = this.payloads(8)
    if (payload === undefined) return null
    return payload.length === 0 ? 1005 : payload.readUInt16BE(0)
  }

  async untilEnd(): Promise<number | null> {
    await until('the end of the connection', () => this.isEnded || this.isClosed)
    return this.closeCode
  }

  cut(): void {
    this.stream.destroy()
  }
}

/** Sends the head of a request and reads the head of its answer, and its body if the connection ends with it. */
export async function request(
  port: number,
  lines: readonly string[],
  after: Uint8Array = Buffer.alloc(0),
): Promise<{ answer: Answer; socket: Socket; rest: Buffer }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  let came = Buffer.alloc(0)
  let isEnded = false
  const onData = (chunk: Buffer): void => {
    came = Buffer.concat([came, chunk])
  }
  socket.on('data', onData)
  socket.on('end', () => {
    isEnded = true
  })
  socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), after]))
  await until('the head of an answer', () => came.includes('\r\n\r\n') || isEnded || socket.destroyed)
  const headEnd = came.indexOf('\r\n\r\n')
  const [first, ...fields] = came.toString('latin1', 0, headEnd).split('\r\n')
  const status = Number(first.split(' ')[1])
  if (status !== 101) await until('the end of the answer', () => isEnded || socket.destroyed)
  socket.off('data', onData)
  const headers = new Map(
    fields.map((field) => [
      field.slice(0, field.indexOf(':')).toLowerCase(),
      field.slice(field.indexOf(':') + 1).trim(),
    ]),
  )
  const rest = came.subarray(headEnd + 4)
  return { answer: { status, headers, body: status === 101 ? '' : rest.toString() }, socket, rest }
}
