const WIDTH = 28

/** Says on stderr what is being measured: a bar on a terminal, a line a scenario elsewhere. stdout is the table's. */
export class Progress {
  private done = 0
  private scenario = ''

  constructor(
    private readonly total: number,
    private readonly out: NodeJS.WriteStream = process.stderr,
  ) {}

  step(scenario: string, what: string): void {
    this.done++
    if (this.out.isTTY) {
      const filled = Math.round((this.done / this.total) * WIDTH)
      const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled)
      const line = ` ${bar} ${this.done}/${this.total}  ${scenario}  ${what}`
      this.out.write(`\r\x1b[2K${line.slice(0, this.out.columns - 1)}`)
    } else if (scenario !== this.scenario) this.out.write(`${this.done}/${this.total} ${scenario}\n`)
    this.scenario = scenario
  }

  /** Clears the bar, so that something can be printed. */
  clear(): void {
    if (this.out.isTTY) this.out.write('\r\x1b[2K')
  }
}
