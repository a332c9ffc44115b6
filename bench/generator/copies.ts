import { isDeepStrictEqual } from 'node:util'
import { unpack } from 'msgpackr'
import { EventScanner, frameEnd } from '../../src/protocol/scan.js'

/** Copies that are compared at a time. */
const BLOCK = 512

/** Counts deliveries of one event published over and over: every byte must be that of the first, whose payload must be the expected value. */
export class CopyCounter {
  corrupt: string | null = null
  private received = 0
  private recordBytes = 0
  private block: Buffer = Buffer.alloc(0)
  private early: Buffer = Buffer.alloc(0)

  constructor(private readonly value: unknown) {}

  get copies(): number {
    return this.recordBytes === 0 ? 0 : Math.floor(this.received / this.recordBytes)
  }

  feed(chunk: Buffer, start: number, end: number): void {
    if (this.corrupt !== null) return
    if (this.recordBytes === 0) {
      this.early = Buffer.concat([this.early, chunk.subarray(start, end)])
      if (this.learn(this.early)) this.compare(this.early, 0, this.early.length)
    } else this.compare(chunk, start, end)
  }

  /** @returns whether the first event has come whole */
  private learn(bytes: Buffer): boolean {
    const end = frameEnd(bytes, 0, bytes.length)
    if (end <= 0) return false
    const scanner = new EventScanner()
    const isEvent = scanner.scan(bytes, 0, end) === end
    if (!isEvent || !isDeepStrictEqual(unpack(bytes.subarray(scanner.payloadStart, scanner.payloadEnd)), this.value)) {
      this.corrupt = `not the event that was published: ${bytes.toString('hex', 0, end)}`
      return false
    }
    this.recordBytes = end
    const record = bytes.subarray(0, end)
    this.block = Buffer.concat(Array.from({ length: BLOCK }, () => record))
    return true
  }

  private compare(chunk: Buffer, start: number, end: number): void {
    let pos = start
    while (pos < end) {
      const at = this.received % this.block.length
      const count = Math.min(end - pos, this.block.length - at)
      if (chunk.compare(this.block, at, at + count, pos, pos + count) !== 0) {
        this.corrupt = `something else after ${this.copies} equal events`
        return
      }
      this.received += count
      pos += count
    }
  }
}
