import type { Phase } from './phase.js'

const PHASES: readonly Phase[] = ['starting', 'ready', 'draining', 'stopped']

enum Flag {
  PHASE = 0,
  OVERLOADED = 1,
  SAMPLES_SEEN = 2,
}

enum Time {
  BEAT = 0,
  CANARY = 1,
  CANARY_WAY = 2,
}

const FLAGS_BYTES = 16
export const BOARD_BYTES = FLAGS_BYTES + 3 * Float64Array.BYTES_PER_ELEMENT

/**
 * Memory that both threads see: what must be known of the routing thread while it stands still and can be asked nothing. Times are milliseconds of the
 * clock that threads share.
 */
export class Board {
  private readonly flags: Int32Array
  private readonly times: Float64Array

  /** @param memory of BOARD_BYTES */
  constructor(memory: SharedArrayBuffer) {
    this.flags = new Int32Array(memory, 0, FLAGS_BYTES / Int32Array.BYTES_PER_ELEMENT)
    this.times = new Float64Array(memory, FLAGS_BYTES)
  }

  get phase(): Phase {
    return PHASES[Atomics.load(this.flags, Flag.PHASE)]
  }

  set phase(phase: Phase) {
    Atomics.store(this.flags, Flag.PHASE, PHASES.indexOf(phase))
  }

  /** As it was at the last beat. */
  get isOverloaded(): boolean {
    return Atomics.load(this.flags, Flag.OVERLOADED) === 1
  }

  set isOverloaded(is: boolean) {
    Atomics.store(this.flags, Flag.OVERLOADED, is ? 1 : 0)
  }

  /** Samples that the observer thread has taken out of its queue. */
  get samplesSeen(): number {
    return Atomics.load(this.flags, Flag.SAMPLES_SEEN)
  }

  set samplesSeen(count: number) {
    Atomics.store(this.flags, Flag.SAMPLES_SEEN, count)
  }

  /** When a timer of the routing thread last came round. */
  get beatAt(): number {
    return this.times[Time.BEAT]
  }

  set beatAt(ms: number) {
    this.times[Time.BEAT] = ms
  }

  /** When a canary last came out of the router. */
  get canaryAt(): number {
    return this.times[Time.CANARY]
  }

  /** How long that one was on its way, milliseconds. */
  get canaryWayMs(): number {
    return this.times[Time.CANARY_WAY]
  }

  noteCanary(atMs: number, wayMs: number): void {
    this.times[Time.CANARY] = atMs
    this.times[Time.CANARY_WAY] = wayMs
  }
}
