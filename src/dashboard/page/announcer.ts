import { setText } from '../dom.js'

/** A state is told only once it has stood for so long, so that what flickers is not read aloud. */
const STANDS_MS = 4000
/** Between two announcements. */
const PAUSE_MS = 8000

/** Tells screen readers what has changed for good, one sentence at a time. */
export class Announcer {
  private readonly told = new Map<string, string>()
  private readonly pending = new Map<string, { readonly key: string; readonly sentence: string; sinceMs: number }>()
  private lastMs = Number.NEGATIVE_INFINITY

  constructor(private readonly region: Node) {}

  /**
   * To be called with each second's state of a subject.
   * @param key what has to change for it to be told again; the sentence may have figures that change all the time
   */
  state(subject: string, key: string, sentence: string, nowMs: number): void {
    const isFirst = !this.told.has(subject)
    if (isFirst) this.told.set(subject, key)
    if (isFirst || this.told.get(subject) === key) {
      this.pending.delete(subject)
    } else {
      const before = this.pending.get(subject)
      const sinceMs = before?.key === key ? before.sinceMs : nowMs
      this.pending.set(subject, { key, sentence, sinceMs })
    }
    this.speak(nowMs)
  }

  private speak(nowMs: number): void {
    if (nowMs - this.lastMs < PAUSE_MS) return
    for (const [subject, { key, sentence, sinceMs }] of this.pending) {
      if (nowMs - sinceMs < STANDS_MS) continue
      this.pending.delete(subject)
      this.told.set(subject, key)
      this.lastMs = nowMs
      setText(this.region, sentence)
      return
    }
  }
}
