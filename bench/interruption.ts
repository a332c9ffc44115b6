import { endChildren } from './pinned.js'

/** What is under way is dropped at once; writing down what was measured takes no longer. */
const PATIENCE_MS = 5000

/** The first Ctrl-C asks for an end; a second one, or an end that does not come, is the end. */
export class Interruption {
  /** What a shell expects of a process that a signal ended, or null. */
  status: number | null = null
  private readonly controller = new AbortController()

  constructor() {
    for (const [signal, status] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      process.on(signal, () => this.interrupt(status))
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  private interrupt(status: number): void {
    if (this.status !== null) process.exit(status)
    this.status = status
    this.controller.abort()
    endChildren()
    setTimeout(() => process.exit(status), PATIENCE_MS).unref()
  }
}
