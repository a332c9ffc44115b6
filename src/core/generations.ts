import { SYSTEM_TOKEN } from '../protocol/topic.js'

/** Token positions that are told apart: a change at a later one counts as a change of its last literal before. */
export const STRIPED_POSITIONS = 4
const STRIPES = 1024
/** Stripe of a position that a topic does not have; never bumped. */
const NONE = STRIPES
const ROW = STRIPES + 1

/**
 * Tells which cached matches a change of the pattern trie may have made stale. There is a counter per token position and hash of the token;
 * a pattern bumps the one of its last literal token, and a topic's generation is the sum of the counters of its own tokens. So every topic
 * that the pattern can match sees a new sum, and churn on `user.17.>` leaves the matches of all other users alone.
 */
export class Generations {
  private readonly counters = new Int32Array(STRIPED_POSITIONS * ROW)
  private everything = 0

  /** Writes the STRIPED_POSITIONS counters that belong to the topic in bytes[start, end) to into[at...]. */
  locate(bytes: Uint8Array, start: number, end: number, into: Uint16Array, at: number): void {
    let pos = start
    for (let place = 0; place < STRIPED_POSITIONS; place++) {
      if (pos > end) {
        into[at + place] = place * ROW + NONE
        continue
      }
      let hash = 0
      while (pos < end && bytes[pos] !== 0x2e) hash = mix(hash, bytes[pos++])
      pos++
      into[at + place] = place * ROW + stripe(hash)
    }
  }

  /** Sum over the counters that locate found. Only equality means anything. */
  sum(located: Uint16Array, at: number): number {
    const counters = this.counters
    return (
      (this.everything +
        counters[located[at]] +
        counters[located[at + 1]] +
        counters[located[at + 2]] +
        counters[located[at + 3]]) |
      0
    )
  }

  /** Makes stale what the pattern with these tokens may match. */
  bump(tokens: readonly string[]): void {
    for (let place = Math.min(tokens.length, STRIPED_POSITIONS) - 1; place >= 0; place--) {
      const token = tokens[place]
      if (token === '*' || token === '>') continue
      const text = encoder.encode(token)
      let hash = 0
      for (const byte of text) hash = mix(hash, byte)
      this.counters[place * ROW + stripe(hash)]++
      return
    }
    this.bumpAll()
  }

  /** Makes every cached match stale. */
  bumpAll(): void {
    this.everything++
  }
}

const encoder = new TextEncoder()

/** One byte of a token into its hash. */
function mix(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0
}

function stripe(hash: number): number {
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) & (STRIPES - 1)
}

/** Whether a first token that is a wildcard may match this topic's first token. */
export function wildcardMayStart(firstToken: string): boolean {
  return firstToken !== SYSTEM_TOKEN
}
