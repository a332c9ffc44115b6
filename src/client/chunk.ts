import { writeBinLead } from '../protocol/write.js'

/** Bytes of one WebSocket message of events: a system call and a header are cheap beside it, and it fits a socket buffer. */
export const CHUNK_BYTES = 64 * 1024
/** Room kept for a SYNC frame after the events. */
export const SLACK_BYTES = 16

/** Frames back to back, on their way into one WebSocket message. */
export class Chunk {
  readonly bytes: Uint8Array
  start = 0
  end = 0
  /** Events among the frames. */
  events = 0
  /** Its place among all chunks. */
  order = 0

  constructor(size: number) {
    this.bytes = new Uint8Array(size + SLACK_BYTES)
  }

  /** Whether frames of `size` bytes still fit. */
  hasRoom(size: number): boolean {
    return this.end + size + SLACK_BYTES <= this.bytes.length
  }

  clear(): void {
    this.start = 0
    this.end = 0
    this.events = 0
  }

  addFrame(frame: Uint8Array): void {
    this.bytes.set(frame, this.end)
    this.end += frame.length
  }

  /** One event, whose payload is source[start, end). */
  addEvent(head: Uint8Array, source: Uint8Array, start: number, end: number, metadata: Uint8Array | null): void {
    const bytes = this.bytes
    bytes.set(head, this.end)
    const pos = writeBinLead(bytes, this.end + head.length, end - start)
    bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), pos)
    this.end = pos + end - start
    if (metadata !== null) this.addFrame(metadata)
    this.events++
  }
}

/** Bytes of the frame that addEvent writes. */
export function eventBytes(head: Uint8Array, payloadBytes: number, metadata: Uint8Array | null): number {
  const lead = payloadBytes < 0x100 ? 2 : payloadBytes < 0x10000 ? 3 : 5
  return head.length + lead + payloadBytes + (metadata === null ? 0 : metadata.length)
}
