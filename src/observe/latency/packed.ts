import { LATENCY_BUCKETS } from '../../core/latency.js'

/** A gap is below 2^12 and a count below 2^53: two bytes and eight, of seven bits each. */
const ENTRY_BYTES_MAX = 2 + 8
const scratch = new Uint8Array(LATENCY_BUCKETS * ENTRY_BYTES_MAX)

/**
 * The counts of all buckets in as few bytes as they need: of each that is not zero how many zeros are before it and its count, both as LEB128. Two to
 * three bytes for each that is not zero, in practice. Null when all are.
 */
export function pack(counts: Float64Array): Uint8Array | null {
  let end = 0
  let zeros = 0
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const count = counts[bucket]
    if (count === 0) {
      zeros++
      continue
    }
    end = put(put(end, zeros), count)
    zeros = 0
  }
  return end === 0 ? null : scratch.slice(0, end)
}

/** Adds the counts that were packed to those that are there. */
export function addPacked(packed: Uint8Array, counts: Float64Array): void {
  let bucket = 0
  let pos = 0
  // Multiplied, not shifted: a count may have more than 32 bits.
  const next = (): number => {
    let value = 0
    for (let weight = 1; ; weight *= 128) {
      const byte = packed[pos++]
      value += (byte & 0x7f) * weight
      if (byte < 128) return value
    }
  }
  while (pos < packed.length) {
    bucket += next()
    counts[bucket++] += next()
  }
}

function put(pos: number, value: number): number {
  let rest = value
  while (rest >= 128) {
    scratch[pos++] = 128 | (rest % 128)
    rest = Math.floor(rest / 128)
  }
  scratch[pos++] = rest
  return pos
}
