import type { Engine } from './arguments.js'

/** jsfuzz takes this long to start, and tells its runs only every three seconds. */
const JSFUZZ_LEAST_MS = 6000

export interface Job {
  readonly target: string
  readonly engine: Engine
}

/** Who runs when, and for how long: each target and engine the same time, as far as there is enough of it. */
export class Schedule {
  private readonly waiting: Job[][]
  private readonly endMs: number
  private left: number

  /**
   * @param seed decides which target is the first, and where there is not time enough to run jsfuzz on all, on which it is
   * @param now milliseconds of the clock that timeFor is asked by
   */
  constructor(
    targets: readonly string[],
    engines: readonly Engine[],
    timeMs: number,
    private readonly jobs: number,
    seed: number,
    now: number,
  ) {
    this.endMs = now + timeMs
    const jsfuzzes = Math.max(1, Math.floor((timeMs * jobs) / engines.length / JSFUZZ_LEAST_MS))
    const first = seed % targets.length
    this.waiting = [...targets.slice(first), ...targets.slice(0, first)].map((target, index) =>
      engines
        .filter((engine) => engine !== 'jsfuzz' || engines.length === 1 || index < jsfuzzes)
        .map((engine) => ({ target, engine })),
    )
    this.left = this.waiting.flat().length
  }

  /** The jobs of the next target, one after the other, so that what one finds is where the next begins; undefined when there is none. */
  next(): Job[] | undefined {
    return this.waiting.shift()
  }

  /** To be asked once for each job, when it begins. */
  timeFor({ engine }: Job, now: number): number {
    const remainingMs = Math.max(0, this.endMs - now)
    const shareMs = Math.min(remainingMs, (remainingMs * this.jobs) / this.left--)
    return engine === 'jsfuzz' ? Math.max(JSFUZZ_LEAST_MS, shareMs) : shareMs
  }
}
