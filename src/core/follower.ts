import { FOLLOW_WASM } from './follow-wasm.js'
import type { Slabs } from './slabs.js'

interface FollowExports {
  follow(
    head: number,
    length: number,
    at: number,
    ends: number,
    message: number,
    count: number,
    most: number,
    limit: number,
    found: number,
  ): number
}

/**
 * Finds events that continue a run: those of one topic and lane are alike up to their payloads. Of a firehose that is nearly every event, so the loop over them
 * is in WebAssembly, where an event takes 4 ns; in JavaScript, whose every access to memory is checked, it took 16 ns.
 */
export class Follower {
  private readonly exports: FollowExports
  private readonly foundAt: number
  private readonly found: Uint32Array
  private readonly buffer: ArrayBuffer

  constructor(slabs: Slabs) {
    const { memory } = slabs
    this.found = slabs.words(2)
    this.foundAt = this.found.byteOffset
    this.buffer = memory.buffer
    const module = new WebAssembly.Module(Buffer.from(FOLLOW_WASM, 'base64') as BufferSource)
    this.exports = new WebAssembly.Instance(module, { sluice: { memory } }).exports as unknown as FollowExports
  }

  /** Whether it can look into a table of ends. */
  canRead(ends: Uint32Array): boolean {
    return ends.buffer === this.buffer
  }

  /**
   * @param head where the bytes are that come before the payload of the event before, at least four
   * @param at the first frame, in the message with index `message`
   * @param ends the position after each of `count` messages (canRead)
   * @param most the largest payload to take, with its header, in bytes
   * @param limit how far the run may go
   * @returns how many events were taken; `at` and `message` say where the first is that was not
   */
  follow(
    head: number,
    length: number,
    at: number,
    ends: Uint32Array,
    message: number,
    count: number,
    most: number,
    limit: number,
  ): number {
    return this.exports.follow(head, length, at, ends.byteOffset, message, count, most, limit, this.foundAt)
  }

  get at(): number {
    return this.found[0]
  }

  get message(): number {
    return this.found[1]
  }
}
