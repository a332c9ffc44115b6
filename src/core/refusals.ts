interface Refused {
  code: number
  count: number
  topic: string
}

/** Refused events that a session has not been told of: one ERROR frame per code and turn, however many they are. */
export class Refusals {
  private readonly list: Refused[] = []
  /** Whether the session is already on the list of those to be told at the end of the turn. */
  noted = false

  add(code: number, count: number, topic: string): void {
    for (const known of this.list) {
      if (known.code === code) {
        known.count += count
        return
      }
    }
    this.list.push({ code, count, topic })
  }

  /** Empties the list. */
  take(): readonly Refused[] {
    return this.list.splice(0)
  }
}
