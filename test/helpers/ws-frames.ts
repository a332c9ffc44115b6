export interface FrameOptions {
  /** Default: the last of its message. */
  fin?: boolean
  /** RSV1 to RSV3 as in the first byte: 0x40, 0x20, 0x10. */
  reserved?: number
  mask?: readonly number[]
  unmasked?: boolean
  /** Bytes that the length takes; default: as few as can be. */
  lengthBytes?: 0 | 2 | 8
  /** Instead of the payload's own. */
  length?: bigint
}

const MASK = [0x37, 0xfa, 0x21, 0x3d]

/** A frame as a client sends it (RFC 6455, 5.2), right or wrong. */
export function clientFrame(opcode: number, payload: Uint8Array | string = '', options: FrameOptions = {}): Buffer {
  const body = Buffer.from(payload)
  const { fin = true, reserved = 0, mask = MASK, unmasked = false } = options
  const length = options.length ?? BigInt(body.length)
  const lengthBytes = options.lengthBytes ?? (length < 126n ? 0 : length < 0x10000n ? 2 : 8)
  const header = Buffer.alloc(2 + lengthBytes)
  header[0] = (fin ? 0x80 : 0) | reserved | opcode
  header[1] = unmasked ? 0 : 0x80
  if (lengthBytes === 0) header[1] |= Number(length)
  else if (lengthBytes === 2) {
    header[1] |= 126
    header.writeUInt16BE(Number(length), 2)
  } else {
    header[1] |= 127
    header.writeBigUInt64BE(length, 2)
  }
  if (unmasked) return Buffer.concat([header, body])
  for (let i = 0; i < body.length; i++) body[i] ^= mask[i & 3]
  return Buffer.concat([header, Buffer.from(mask), body])
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: Uint8Array | string = ''): Buffer {
  const head = Buffer.alloc(2)
  head.writeUInt16BE(code)
  return Buffer.concat([head, Buffer.from(reason)])
}

export interface ServerFrame {
  opcode: number
  payload: Buffer
}

/** Takes a server's frames out of what has come so far. Throws on what no server may send. */
export class ServerFrames {
  readonly frames: ServerFrame[] = []
  private rest: Buffer = Buffer.alloc(0)

  feed(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk])
    for (;;) {
      const { rest } = this
      if (rest.length < 2) return
      if ((rest[0] & 0xf0) !== 0x80) throw new Error(`a server's frame begins with ${rest[0].toString(16)}`)
      if (rest[1] >= 0x80) throw new Error('a server does not mask')
      let length = rest[1]
      let at = 2
      if (length === 126) {
        if (rest.length < 4) return
        length = rest.readUInt16BE(2)
        at = 4
        if (length < 126) throw new Error('a length takes as few bytes as can be')
      } else if (length === 127) {
        if (rest.length < 10) return
        length = Number(rest.readBigUInt64BE(2))
        at = 10
        if (length < 0x10000) throw new Error('a length takes as few bytes as can be')
      }
      if (rest.length < at + length) return
      this.frames.push({ opcode: rest[0] & 0x0f, payload: rest.subarray(at, at + length) })
      this.rest = rest.subarray(at + length)
    }
  }
}
