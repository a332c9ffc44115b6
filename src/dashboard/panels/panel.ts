import type { Stats } from '../../observe/stats.js'
import type { Span } from '../history/span.js'

/** What the page shows at one moment. */
export interface Moment {
  readonly stats: Stats
  readonly span: Span
  readonly rangeText: string
}

/** A part of the page. */
export interface Panel {
  update(moment: Moment): void
}

export type Tone = 'plain' | 'ok' | 'warn' | 'bad'
