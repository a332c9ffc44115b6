/** Each of the watched is visited about so often, unless told otherwise. */
export const ROUND_MS = 250
/** A round is walked in steps of this, or a hundredth of it, so that many connections are never looked at in one go. */
const STEP_MS_MIN = 25
const STEPS_MAX = 100

/** Something that has deadlines. */
export interface Watched {
  /** @param now monotonic milliseconds */
  visit(now: number): void
}

/** Visits all connections in turn, for what no event tells: silence, and what has waited too long. One timer for all of them. */
export class Rounds {
  private readonly watched: Watched[] = []
  private readonly places = new Map<Watched, number>()
  private timer: NodeJS.Timeout | null = null
  private next = 0
  /** Visits that are due, with their fraction. */
  private due = 0
  private readonly steps: number

  constructor(private readonly roundMs: number = ROUND_MS) {
    this.steps = Math.max(1, Math.min(STEPS_MAX, Math.round(roundMs / STEP_MS_MIN)))
  }

  add(one: Watched): void {
    this.places.set(one, this.watched.length)
    this.watched.push(one)
    this.timer ??= setInterval(this.step, this.roundMs / this.steps)
  }

  remove(one: Watched): void {
    const place = this.places.get(one)
    if (place === undefined) return
    this.places.delete(one)
    const last = this.watched.pop() as Watched
    if (last !== one) {
      this.watched[place] = last
      this.places.set(last, place)
    }
    if (this.watched.length > 0 || this.timer === null) return
    clearInterval(this.timer)
    this.timer = null
  }

  private readonly step = (): void => {
    const now = performance.now()
    this.due += this.watched.length / this.steps
    for (; this.due >= 1 && this.watched.length > 0; this.due--) {
      if (this.next >= this.watched.length) this.next = 0
      this.watched[this.next++].visit(now)
    }
  }
}
