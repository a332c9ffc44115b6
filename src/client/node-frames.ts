import { CHUNK_BYTES, SLACK_BYTES } from './chunk.js'

/** First byte of a whole binary message (RFC 6455, 5.2): FIN, opcode 2. */
const FIN_BINARY = 0x82
const MASKED = 0x80
const KEY_BYTES = 4
const WORD_BYTES = 4
/** Room before the payload: the longest header has 14 bytes, and the payload begins where words do. */
const HEAD_ROOM = 16
/** Masked along with the payload, in whole words, and not sent. */
const TAIL_ROOM = WORD_BYTES
/** Payloads of one chunk. What is longer, of single large events, gets memory of its own. */
const PAYLOAD_BYTES_MAX = CHUNK_BYTES + SLACK_BYTES
/** Below this, memory of its own costs less than a whole space kept for it. */
const SMALL_BYTES = 2 * 1024
/** Keys made at a time: asking for random bytes costs more than masking a small frame. */
const KEYS = 1024

const keys = new Int32Array(KEYS)
let keysUsed = KEYS

/** A masking key that nobody can foresee (RFC 6455, 5.3). */
function nextKey(): number {
  if (keysUsed === KEYS) {
    crypto.getRandomValues(keys)
    keysUsed = 0
  }
  return keys[keysUsed++]
}

/** The TCP or TLS socket. */
interface Below {
  readonly writableLength: number
  write(bytes: Uint8Array, written: () => void): unknown
}

/** Where a frame lies until it has left. */
interface Space {
  readonly bytes: Buffer
  /** The same memory. */
  readonly words: Int32Array
  /** The frame that it was given to last. */
  frame: number
}

/** @param memory Node's, which begins where words do, also where it is a part of its pool */
function spaceIn(memory: Buffer): Space {
  const words = new Int32Array(memory.buffer, memory.byteOffset, Math.floor(memory.length / WORD_BYTES))
  return { bytes: memory, words, frame: 0 }
}

/**
 * Sends binary messages of a client by a socket whose WebSocket handshake is done, each in one write. It masks by words and uses memory again, since masking by
 * bytes and new memory cost more than all else that is done for an event.
 */
export class FrameWriter {
  private readonly socket: Below
  /** Spaces whose frames have left, and those that the socket may still have: as many as it is given bytes for at a time. */
  private readonly free: Space[] = []
  private lent: Space[] = []
  private frames = 0

  constructor(socket: Below) {
    this.socket = socket
  }

  /** The payload is the caller's again when it returns. */
  send(payload: Uint8Array, sent: () => void): void {
    const { length } = payload
    const space = this.spaceFor(length)
    const { bytes, words } = space
    bytes.set(payload, HEAD_ROOM)
    mask(words, HEAD_ROOM / WORD_BYTES, Math.ceil((HEAD_ROOM + length) / WORD_BYTES), nextKey())
    const start = writeHead(bytes, length)
    const frame = space.frame
    this.socket.write(bytes.subarray(start, HEAD_ROOM + length), () => {
      if (space.frame === frame) this.reclaim(space)
      sent()
    })
    // Most writes are done by now, while their callbacks wait for the code that is running.
    if (this.socket.writableLength === 0) for (const each of this.lent) this.reclaim(each)
  }

  private spaceFor(payloadBytes: number): Space {
    if (payloadBytes <= SMALL_BYTES || payloadBytes > PAYLOAD_BYTES_MAX) {
      return spaceIn(Buffer.allocUnsafe(HEAD_ROOM + payloadBytes + TAIL_ROOM))
    }
    const space = this.free.pop() ?? spaceIn(Buffer.allocUnsafeSlow(HEAD_ROOM + PAYLOAD_BYTES_MAX + TAIL_ROOM))
    space.frame = ++this.frames
    this.lent.push(space)
    return space
  }

  /** Its frame has left. At rest one is kept. */
  private reclaim(space: Space): void {
    if (!this.lent.includes(space)) return
    this.lent = this.lent.filter((other) => other !== space)
    this.free.push(space)
    if (this.lent.length === 0) this.free.length = 1
  }
}

/** Writes what goes before the key, so that the payload begins at HEAD_ROOM. Returns where the header begins. */
function writeHead(bytes: Buffer, length: number): number {
  const end = HEAD_ROOM - KEY_BYTES
  if (length < 126) {
    bytes[end - 2] = FIN_BINARY
    bytes[end - 1] = MASKED | length
    return end - 2
  }
  if (length < 0x10000) {
    bytes[end - 4] = FIN_BINARY
    bytes[end - 3] = MASKED | 126
    bytes.writeUInt16BE(length, end - 2)
    return end - 4
  }
  bytes[end - 10] = FIN_BINARY
  bytes[end - 9] = MASKED | 127
  bytes.writeBigUInt64BE(BigInt(length), end - 8)
  return end - 10
}

/** Masks words[from, to), and puts the key before them. Eight words a round: twice as fast as one. */
function mask(words: Int32Array, from: number, to: number, key: number): void {
  words[from - 1] = key
  let i = from
  for (const last = to - 8; i <= last; i += 8) {
    words[i] ^= key
    words[i + 1] ^= key
    words[i + 2] ^= key
    words[i + 3] ^= key
    words[i + 4] ^= key
    words[i + 5] ^= key
    words[i + 6] ^= key
    words[i + 7] ^= key
  }
  for (; i < to; i++) words[i] ^= key
}
