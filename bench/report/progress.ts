const WIDTH = 28
/** Before as many steps are done the plan is believed, and not the clock. */
const STEPS_TO_LEARN = 3

/**
 * Says on stderr what is being measured and how long the rest will take: a bar on a terminal, a line a scenario elsewhere.
 * stdout is the table's.
 */
export class Progress {
  private done = -1
  private scenario = ''
  private startAt = 0

  /** @param stepsMs about how long each step takes, in ms */
  constructor(
    private readonly stepsMs: readonly number[],
    private readonly out: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'> = process.stderr,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** A step begins. */
  step(scenario: string, what: string): void {
    this.done++
    if (this.done === 0) this.startAt = this.now()
    const total = this.stepsMs.length
    const left = `${timeText(this.leftMs())} left`
    if (this.out.isTTY) {
      const filled = Math.min(WIDTH, Math.round((this.done / total) * WIDTH))
      const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled)
      const line = ` ${bar} ${this.done + 1}/${total}  ${left}  ${scenario}  ${what}`
      this.out.write(`\r\x1b[2K${line.slice(0, this.out.columns - 1)}`)
    } else if (scenario !== this.scenario) this.out.write(`${this.done + 1}/${total} ${scenario}, ${left}\n`)
    this.scenario = scenario
  }

  /** Clears the bar, so that something can be printed. */
  clear(): void {
    if (this.out.isTTY) this.out.write('\r\x1b[2K')
  }

  /** By the plan, stretched as what is done was. */
  private leftMs(): number {
    const sum = (steps: readonly number[]) => steps.reduce((total, ms) => total + ms, 0)
    const plannedMs = sum(this.stepsMs.slice(0, this.done))
    const stretch = this.done < STEPS_TO_LEARN ? 1 : (this.now() - this.startAt) / plannedMs
    return sum(this.stepsMs.slice(this.done)) * stretch
  }
}

/** `40 s`, `3 min`, `1 h 05 min`. */
export function timeText(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  if (seconds < 90) return `${seconds} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}
