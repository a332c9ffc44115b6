import { FIN, LENGTH_16, LENGTH_64, LENGTH_BITS, MASK_BYTES, MASKED } from './rfc6455.js'
import { ENDS_MAX, type Staging } from './staging.js'
import { WALK_WASM } from './walk-wasm.js'

/** The two loops over the bytes of clients. Positions are offsets into the memory. */
export interface Walker {
  /** For people. */
  readonly kind: string
  /**
   * Walks whole data frames of one opcode that are not fragmented, and unmasks their payloads back to back. What is behind the last of them is
   * overwritten by up to OVERRUN_BYTES. Their number is then in staging.found, the position after each in staging.ends.
   * @param at first frame
   * @param until end of what has arrived
   * @param to where the payloads go
   * @param most the largest payload to take
   * @returns the first frame not taken: not whole yet, or another kind, or too large
   */
  walk(opcode: number, at: number, until: number, to: number, most: number): number
  /**
   * Unmasks [at, until) where it lies.
   * @param mask the masking key as four bytes in little-endian order, turned so that the first is for `at`
   */
  unmask(at: number, until: number, mask: number): void
}

interface WalkExports {
  walk(lead: number, at: number, until: number, to: number, most: number, ends: number, endsMax: number): number
  unmask(at: number, until: number, mask: number): void
}

/** The best there is here: SIMD, or a plain loop where the engine has none. */
export function makeWalker(staging: Staging): Walker {
  const wasm = Buffer.from(WALK_WASM, 'base64')
  return WebAssembly.validate(wasm) ? new SimdWalker(staging, wasm) : new PlainWalker(staging)
}

/** walk.wat. */
export class SimdWalker implements Walker {
  readonly kind = 'WebAssembly SIMD'
  private readonly exports: WalkExports
  private readonly foundAt: number

  constructor(staging: Staging, wasm: Uint8Array = Buffer.from(WALK_WASM, 'base64')) {
    const { memory } = staging.slabs
    const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm as BufferSource), { sluice: { memory } })
    this.exports = instance.exports as unknown as WalkExports
    this.foundAt = staging.foundAt
  }

  walk(opcode: number, at: number, until: number, to: number, most: number): number {
    // WebAssembly's integers are signed for JavaScript.
    return this.exports.walk(FIN | opcode, at, until, to, most, this.foundAt, ENDS_MAX) >>> 0
  }

  unmask(at: number, until: number, mask: number): void {
    this.exports.unmask(at, until, mask)
  }
}

/** The same in JavaScript, four bytes at a time. */
export class PlainWalker implements Walker {
  readonly kind = 'plain'
  private readonly bytes: Buffer
  private readonly view: DataView

  constructor(private readonly staging: Staging) {
    this.bytes = staging.bytes
    this.view = new DataView(staging.slabs.memory.buffer)
  }

  walk(opcode: number, at: number, until: number, to: number, most: number): number {
    const { bytes, view } = this
    const { ends, found } = this.staging
    const lead = FIN | opcode
    let count = 0
    while (count < ENDS_MAX && at + 2 + MASK_BYTES <= until) {
      if (bytes[at] !== lead || (bytes[at + 1] & MASKED) === 0) break
      let length = bytes[at + 1] & LENGTH_BITS
      let body = at + 2 + MASK_BYTES
      if (length === LENGTH_64) break
      if (length === LENGTH_16) {
        length = (bytes[at + 2] << 8) | bytes[at + 3]
        body += 2
      }
      const next = body + length
      if (length > most || next > until) break
      const mask = view.getInt32(body - MASK_BYTES, true)
      for (at = body; at < next; at += 4) {
        view.setInt32(to, view.getInt32(at, true) ^ mask, true)
        to += 4
      }
      to -= at - next
      at = next
      ends[count++] = to
    }
    found[0] = count
    return at
  }

  unmask(at: number, until: number, mask: number): void {
    const { bytes, view } = this
    for (; at + 4 <= until; at += 4) view.setInt32(at, view.getInt32(at, true) ^ mask, true)
    for (; at < until; at++) {
      bytes[at] ^= mask
      mask >>>= 8
    }
  }
}
