import { createHash, randomBytes } from 'node:crypto'

const CLIENT_HEADER_BYTES_MAX = 14
const MASKED = 0x80

/** Any key: a fixed one, so that runs are alike, and not zero, which would leave a server nothing to unmask. */
const MASKING_KEY = Buffer.from([0x6b, 0xd3, 0x1e, 0xa7])

/** One masked binary message (RFC 6455, 5.2) from a client. What is measured is masked beforehand, so the generator pays nothing for it. */
export function clientMessage(parts: readonly Uint8Array[], opcode = 2): Buffer {
  const body = Buffer.concat(parts)
  const header = Buffer.alloc(CLIENT_HEADER_BYTES_MAX)
  header[0] = 0x80 | opcode
  const keyAt = writeLength(header, body.length, MASKED)
  MASKING_KEY.copy(header, keyAt)
  for (let i = 0; i < body.length; i++) body[i] ^= MASKING_KEY[i & 3]
  return Buffer.concat([header.subarray(0, keyAt + MASKING_KEY.length), body])
}

/** The same from a server: not masked. */
export function serverMessage(parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const header = Buffer.alloc(CLIENT_HEADER_BYTES_MAX)
  header[0] = 0x82
  return Buffer.concat([header.subarray(0, writeLength(header, length, 0)), ...parts])
}

function writeLength(header: Buffer, length: number, mask: number): number {
  if (length < 126) {
    header[1] = mask | length
    return 2
  }
  if (length < 0x10000) {
    header[1] = mask | 126
    header.writeUInt16BE(length, 2)
    return 4
  }
  header[1] = mask | 127
  header.writeBigUInt64BE(BigInt(length), 2)
  return 10
}

/** What is asked of a server in the handshake. */
export interface Handshake {
  subprotocol: string | null
  path: string
}

export function upgradeRequest(host: string, { subprotocol, path }: Handshake): { request: string; accept: string } {
  const key = randomBytes(16).toString('base64')
  const offer = subprotocol === null ? '' : `Sec-WebSocket-Protocol: ${subprotocol}\r\n`
  return {
    request:
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${offer}\r\n`,
    accept: acceptOf(key),
  }
}

/** Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455, 4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

/** What the stripper finds; ranges are valid during the call only. */
export interface MessageSink {
  /** Bytes of a data message, in order; a message may come in several pieces. */
  body(chunk: Buffer, start: number, end: number): void
  ping(body: Buffer): void
  closed(code: number): void
}

/** Takes the frame headers out of a server's byte stream, wherever the chunks are cut. */
export class WebSocketStripper {
  private bodyLeft = 0
  private opcode = 0
  private readonly header = Buffer.alloc(10)
  private headerLength = 0
  private control: Buffer[] = []

  constructor(private readonly sink: MessageSink) {}

  feed(chunk: Buffer, start: number, end: number): void {
    let pos = start
    while (pos < end) {
      if (this.bodyLeft > 0) {
        const stop = Math.min(end, pos + this.bodyLeft)
        this.bodyLeft -= stop - pos
        if (this.opcode < 8) this.sink.body(chunk, pos, stop)
        else this.controlPiece(chunk, pos, stop)
        pos = stop
      } else pos = this.readHeader(chunk, pos, end)
    }
  }

  private readHeader(chunk: Buffer, pos: number, end: number): number {
    const { header } = this
    while (pos < end) {
      header[this.headerLength++] = chunk[pos++]
      if (this.headerLength < 2) continue
      const short = header[1] & 0x7f
      const length = short < 126 ? 2 : short === 126 ? 4 : 10
      if (this.headerLength < length) continue
      this.headerLength = 0
      this.opcode = header[0] & 0x0f
      this.bodyLeft = short < 126 ? short : short === 126 ? header.readUInt16BE(2) : header.readUIntBE(4, 6)
      if (this.bodyLeft === 0 && this.opcode >= 8) this.controlPiece(chunk, pos, pos)
      return pos
    }
    return pos
  }

  private controlPiece(chunk: Buffer, start: number, end: number): void {
    this.control.push(Buffer.from(chunk.subarray(start, end)))
    if (this.bodyLeft > 0) return
    const body = Buffer.concat(this.control)
    this.control = []
    if (this.opcode === 9) this.sink.ping(body)
    else if (this.opcode === 8) this.sink.closed(body.length >= 2 ? body.readUInt16BE(0) : 1005)
  }
}
