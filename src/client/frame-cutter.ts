import { Code } from '../protocol/codes.js'
import { METADATA_BYTES_MAX } from '../protocol/limits.js'
import { Op } from '../protocol/ops.js'
import { EventScanner, frameEnd } from '../protocol/scan.js'
import { RECEIVE_BYTES_MAX } from './runtime.js'

/** A frame from the daemon that is no event and longer than this is none of ours: WELCOME, the longest, has a few hundred bytes. */
const CONTROL_BYTES_MAX = 64 * 1024
const NOTHING = new Uint8Array(0)

/** Makes whole frames of a stream that is cut anywhere. */
export class FrameCutter {
  /** The frame that was given last, with what came before it in the same piece; empty before the first. */
  last: { readonly bytes: Uint8Array; readonly start: number } = { bytes: NOTHING, start: 0 }
  /** Whether bytes have come whose frames do not go on: no more is given. */
  isBroken = false
  private readonly take: (frames: Uint8Array) => void
  private readonly scanner = new EventScanner()
  /** held[0, heldEnd) is the beginning of a frame. */
  private held: Uint8Array = NOTHING
  private heldEnd = 0
  /** Whether `held` is of our making, and not the end of somebody's piece. */
  private isOwn = false

  /** @param take gets one or more whole frames, for keeps; or, last, bytes whose frames do not go on */
  constructor(take: (frames: Uint8Array) => void) {
    this.take = take
  }

  /** Whether the stream is within a frame. */
  get isWithinFrame(): boolean {
    return this.heldEnd > 0
  }

  /** The next piece; it is ours from now on. */
  push(piece: Uint8Array): void {
    if (this.isBroken || piece.length === 0) return
    let bytes = piece
    if (this.heldEnd > 0) {
      this.append(piece)
      bytes = this.held.subarray(0, this.heldEnd)
    }
    const { length } = bytes
    let pos = 0
    let start = 0
    while (pos < length) {
      const next = this.endOf(bytes, pos, length)
      if (next < 0) {
        if (this.mayGoOn(bytes, pos, length, -next)) break
        this.isBroken = true
        this.take(bytes)
        return
      }
      start = pos
      pos = next
    }
    if (pos > 0) {
      const frames = pos === length ? bytes : bytes.subarray(0, pos)
      this.hold(bytes, pos)
      this.last = { bytes: frames, start }
      this.take(frames)
    } else if (bytes === piece) this.hold(bytes, 0)
  }

  private endOf(bytes: Uint8Array, pos: number, end: number): number {
    return bytes[pos + 1] === Op.EVENT ? this.scanner.scan(bytes, pos, end) : frameEnd(bytes, pos, end)
  }

  private hold(bytes: Uint8Array, pos: number): void {
    this.held = bytes.subarray(pos)
    this.heldEnd = this.held.length
    this.isOwn = false
  }

  /** Grows by doubling, so that a long frame in small pieces is not copied once a piece. */
  private append(piece: Uint8Array): void {
    const need = this.heldEnd + piece.length
    if (!this.isOwn || need > this.held.length) {
      const grown = new Uint8Array(this.isOwn ? Math.max(need, this.held.length * 2) : need)
      grown.set(this.held.subarray(0, this.heldEnd))
      this.held = grown
      this.isOwn = true
    }
    this.held.set(piece, this.heldEnd)
    this.heldEnd = need
  }

  /** Whether what stands from pos on can be the beginning of a frame, one that we would take. */
  private mayGoOn(bytes: Uint8Array, pos: number, end: number, code: number): boolean {
    if (code !== Code.MALFORMED || (bytes[pos] & 0xf0) !== 0x90 || bytes[pos] === 0x90) return false
    if (end - pos < 2) return true
    if (bytes[pos + 1] !== Op.EVENT) return bytes[pos + 1] < 0x80 && end - pos <= CONTROL_BYTES_MAX
    const { scanner } = this
    scanner.payloadEnd = -1
    scanner.scan(bytes, pos, end)
    const { payloadEnd } = scanner
    return payloadEnd < 0 || (payloadEnd - pos <= RECEIVE_BYTES_MAX && end - payloadEnd <= METADATA_BYTES_MAX)
  }
}
