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

/** Frames of a subprotocol that could not be put into frames of ours. */
export interface RefusedFrames {
  code: number
  message: string
  /** 0 when there was none. */
  request: number
  count: number
  /** How many of them were events. */
  events: number
  topic: string | null
}
