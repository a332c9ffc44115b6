import { assert } from '../../../base/assert.js'
import { type Slabs, STAGING_BYTES } from '../../../core/slabs.js'

/** The part of an unfinished frame that is kept as it came, header and all, and put before what comes next. */
export const REST_BYTES_MAX = 32 << 10
/** What can be taken in at a time. */
export const CHUNK_BYTES_MAX = 256 << 10
/** Loads and stores of 16 bytes go over the end by up to 15. */
export const OVERRUN_BYTES = 16
/** Payloads that one walk can tell the ends of. */
export const ENDS_MAX = 16_384

const WORD_BYTES = 4

/**
 * Where bytes of clients lie while they are looked at: behind the slabs, in the same memory. All connections of all listeners share
 * it, as a chunk is dealt with before the next is read. Positions are offsets into the memory.
 */
export class Staging {
  /** All of the memory. */
  readonly bytes: Buffer
  /** How many payloads a walk has found, in one word, and then the position after each. */
  readonly foundAt: number
  readonly found: Uint32Array
  readonly ends: Uint32Array
  /** Where a chunk is put. Before it there is room for REST_BYTES_MAX. */
  readonly arrival: number
  /** The room there, for a socket to read into. */
  readonly chunk: Uint8Array
  /** Where text is unmasked to, for as many bytes as can lie before the end of a chunk. */
  readonly text: number

  constructor(readonly slabs: Slabs) {
    const { memory, stagingStart } = slabs
    this.bytes = Buffer.from(memory.buffer)
    this.foundAt = stagingStart
    this.found = new Uint32Array(memory.buffer, this.foundAt, 1)
    this.ends = new Uint32Array(memory.buffer, this.foundAt + WORD_BYTES, ENDS_MAX)
    const inputAt = this.foundAt + roundUp(WORD_BYTES * (1 + ENDS_MAX))
    this.arrival = inputAt + REST_BYTES_MAX
    this.chunk = new Uint8Array(memory.buffer, this.arrival, CHUNK_BYTES_MAX)
    this.text = this.arrival + CHUNK_BYTES_MAX + roundUp(OVERRUN_BYTES)
    const end = this.text + REST_BYTES_MAX + CHUNK_BYTES_MAX + OVERRUN_BYTES
    assert(end <= stagingStart + STAGING_BYTES, 'the staging area holds its parts')
  }
}

/** To whole lines of the processor's cache. */
function roundUp(bytes: number): number {
  return Math.ceil(bytes / 64) * 64
}
