const KEY = 'sluice.dashboard'

/** What the reader has chosen, kept in this browser; a browser that keeps nothing is no error. */
export class Preferences {
  private readonly chosen: Record<string, string>

  constructor() {
    this.chosen = {}
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}')
      for (const [name, value] of Object.entries(kept as object)) {
        if (typeof value === 'string') this.chosen[name] = value
      }
    } catch {
      // Nothing is kept, or nothing that can be read: then all is as it comes.
    }
  }

  /** What was chosen, if it is one of `allowed`. */
  get<T extends string>(name: string, allowed: readonly T[], otherwise: T): T {
    return allowed.find((value) => value === this.chosen[name]) ?? otherwise
  }

  set(name: string, value: string): void {
    this.chosen[name] = value
    try {
      localStorage.setItem(KEY, JSON.stringify(this.chosen))
    } catch {
      // Then it holds for as long as the page is open.
    }
  }
}
