/**
 * What a file of targets/ exports. A target feeds one part of the daemon with bytes that anybody may send, and says what must hold whatever they are,
 * beyond that nothing is thrown: where results lie, what another implementation makes of the same bytes.
 */
export interface Target {
  /** Throws when something does not hold. Does not keep or change the input. */
  fuzz(input: Buffer): void
  /** Only what the daemon does with these bytes, without any checking: its time is measured. */
  handle(input: Buffer): unknown
  /** Pieces that inputs of this kind are made of. */
  readonly words: readonly (string | Uint8Array)[]
}

/** What does not hold, with the values that show it. */
export class Violation extends Error {}

export function must(holds: boolean, what: string, ...values: unknown[]): asserts holds {
  if (!holds) throw new Violation(values.length === 0 ? what : `${what}: ${values.map(show).join(', ')}`)
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex').slice(0, 200)
  if (typeof value === 'bigint') return `${value}n`
  return (typeof value === 'object' ? JSON.stringify(value) : String(value))?.slice(0, 400) ?? 'undefined'
}

/** A number that bytes decide (FNV-1a): where a target cuts its input is part of the input, and a file of bytes replays it. */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193)
  return hash >>> 0
}

/** The input in one to six pieces, cut where the bytes themselves decide. */
export function cutUp(input: Buffer): Buffer[] {
  let state = hashOf(input) || 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  const edges = Array.from({ length: next() % 6 }, () => next() % (input.length + 1)).sort((a, b) => a - b)
  return [0, ...edges].map((from, i) => input.subarray(from, edges[i] ?? input.length))
}
