import { LANES } from '../protocol/ops.js'

/** Bytes that weight 1 stands for in one round: a small event or two, so that a light lane is not served in long bursts. */
const BYTES_PER_WEIGHT = 1024

/**
 * Decides which of the waiting lanes goes next. Lane 0 first, up to a share of the work while others wait; lanes 1 to 7 by
 * deficit round robin (Shreedhar and Varghese, 1995), the most urgent that has credit first. So no lane starves.
 */
export class LaneShares {
  private readonly credit = new Float64Array(LANES)
  private readonly quantum = new Float64Array(LANES)
  /** Bytes that the other lanes are owed because lane 0 went first; negative when they have had more. */
  private owed = 0
  private readonly owedPerByte: number

  constructor(weights: readonly number[], strictShare: number) {
    for (let lane = 1; lane < LANES; lane++) this.quantum[lane] = weights[lane - 1] * BYTES_PER_WEIGHT
    this.owedPerByte = (1 - strictShare) / strictShare
  }

  /** @param waiting bit i is set when lane i has something waiting; not zero */
  next(waiting: number): number {
    const others = waiting & ~1
    if ((waiting & 1) !== 0 && (others === 0 || this.owed < BYTES_PER_WEIGHT)) return 0
    const credit = this.credit
    for (;;) {
      for (let lane = 1; lane < LANES; lane++) {
        if ((others & (1 << lane)) !== 0) {
          if (credit[lane] > 0) return lane
        } else if (credit[lane] > 0) credit[lane] = 0 // Credit is not saved up while there is nothing to send.
      }
      this.refill(others)
    }
  }

  /** As many rounds at once as bring the first waiting lane above zero: a run of a large fan-out may owe thousands. */
  private refill(others: number): void {
    let rounds = Number.POSITIVE_INFINITY
    for (let lane = 1; lane < LANES; lane++) {
      if ((others & (1 << lane)) === 0) continue
      const need = Math.floor(-this.credit[lane] / this.quantum[lane]) + 1
      if (need < rounds) rounds = need
    }
    for (let lane = 1; lane < LANES; lane++) {
      if ((others & (1 << lane)) !== 0) this.credit[lane] += rounds * this.quantum[lane]
    }
  }

  /**
   * Books `bytes` of work done for `lane`.
   * @param others bit i is set when lane i, another one, has something waiting
   */
  charge(lane: number, bytes: number, others: number): void {
    if (others === 0) {
      // Alone, a lane takes nothing from anybody.
      this.credit[lane] = 0
      this.owed = 0
    } else if (lane === 0) {
      this.owed += bytes * this.owedPerByte
    } else {
      this.credit[lane] -= bytes
      // Below zero, the others have had work in advance. What lane 0 does not wait for is no advance.
      this.owed = (others & 1) !== 0 ? this.owed - bytes : 0
    }
  }
}
