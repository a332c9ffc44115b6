import { assert } from '../base/assert.js'

/** What released memory is filled with when poisoning: 0xc1 is the one byte that is never msgpack. */
export const POISON = 0xc1
const WASM_PAGE_BYTES = 65536
/** Room behind the slabs for what an ingress has read and not yet unmasked. Untouched it costs nothing. */
export const STAGING_BYTES = 1 << 20
/** Room behind that for tables which WebAssembly of the core looks into. */
const TABLE_BYTES = WASM_PAGE_BYTES
const WORD_BYTES = 4

/**
 * The memory that accepted bytes live in until their runs are drained: a fixed number of slabs, all views of one
 * WebAssembly.Memory, so that a position is one number and a SIMD unmasker can write here. Each slab is filled from front to
 * back, counts the runs that point into it, and is free again when there are none.
 */
export class Slabs {
  readonly bytes: Buffer
  /** The same memory, to read words at any position: several times faster than byte by byte. */
  readonly view: DataView
  readonly slabBytes: number
  /** What WebAssembly of an ingress imports: the slabs from position 0, then STAGING_BYTES from stagingStart that are the ingress's own. */
  readonly memory: WebAssembly.Memory
  readonly stagingStart: number
  /** Runs that point into each slab. */
  private readonly held: Int32Array
  private readonly shift: number
  private current = 0
  private cursor = 0
  /** Where the next table goes. */
  private tableAt: number

  constructor(
    slabBytes: number,
    private readonly count: number,
    private readonly poison: boolean,
  ) {
    // A power of two, so that a position tells its slab by a shift.
    this.shift = Math.max(Math.ceil(Math.log2(slabBytes)), Math.log2(WASM_PAGE_BYTES))
    this.slabBytes = 2 ** this.shift
    this.stagingStart = this.slabBytes * count
    this.tableAt = this.stagingStart + STAGING_BYTES
    const pages = (this.tableAt + TABLE_BYTES) / WASM_PAGE_BYTES
    // Untouched pages cost no resident memory, so the maximum is reserved at once and never moves.
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    const { buffer } = this.memory
    this.bytes = Buffer.from(buffer, 0, this.stagingStart)
    this.view = new DataView(buffer, 0, this.stagingStart)
    this.held = new Int32Array(count)
  }

  /** A table of so many words in the memory, for as long as it is there. */
  words(count: number): Uint32Array {
    const at = this.tableAt
    this.tableAt += count * WORD_BYTES
    assert(this.tableAt <= this.memory.buffer.byteLength, 'the tables fit')
    return new Uint32Array(this.memory.buffer, at, count)
  }

  /**
   * Room for `length` bytes, at most slabBytes.
   * @returns its position, or -1 when every slab is held: drain, then ask again.
   */
  reserve(length: number): number {
    // An idle slab is rewound: the same few kilobytes stay in the processor's cache.
    if (this.held[this.current] === 0) this.rewind(this.current)
    const position = this.cursor
    if (position + length <= (this.current + 1) * this.slabBytes) {
      this.cursor = position + length
      return position
    }
    for (let slab = 0; slab < this.count; slab++) {
      if (this.held[slab] !== 0) continue
      this.current = slab
      this.rewind(slab)
      this.cursor += length
      return this.cursor - length
    }
    return -1
  }

  /** Gives back what of the last reservation lies after `end`. Nothing may have been reserved since. */
  trim(end: number): void {
    this.cursor = end
  }

  private rewind(slab: number): void {
    const base = slab * this.slabBytes
    if (this.poison) this.bytes.fill(POISON, base, base + this.slabBytes)
    this.cursor = base
  }

  /** Notes a run in the slab of `position`. */
  hold(position: number): void {
    this.held[position >>> this.shift]++
  }

  release(position: number): void {
    const slab = position >>> this.shift
    assert(this.held[slab] > 0, 'a slab is released once for each hold')
    this.held[slab]--
  }

  /** Runs that hold any slab: zero when nothing is pending. */
  get heldRuns(): number {
    let sum = 0
    for (const held of this.held) sum += held
    return sum
  }
}
