import { find, make, setAttribute, setText } from '../dom.js'
import { byteRate, bytes, latency, percent, rate } from '../format.js'
import type { Moment, Panel, Tone } from './panel.js'

interface Figure {
  readonly value: string
  readonly sub: string
  readonly tone?: Tone
}

interface Tile {
  readonly label: string
  figure(moment: Moment): Figure
}

/** Shares of the loop and of memory from which on they are worth a look. */
const BUSY_WARN = 0.85
const MEMORY_WARN = 0.7
const MEMORY_BAD = 0.95

const TILES: readonly Tile[] = [
  {
    label: 'In',
    figure: ({ stats: { rates } }) => ({ value: rate(rates.accepted), sub: byteRate(rates.acceptedBytes) }),
  },
  {
    label: 'Out',
    figure: ({ stats: { rates } }) => ({ value: rate(rates.delivered), sub: byteRate(rates.writtenBytes) }),
  },
  {
    label: 'Delivery p50',
    figure: ({ stats: { stages } }) => ({
      value: latency(stages.delivery?.p50Ms),
      sub: `routing ${latency(stages.routing?.p50Ms)}`,
    }),
  },
  {
    label: 'Delivery p99',
    figure: ({ stats: { stages } }) => ({
      value: latency(stages.delivery?.p99Ms),
      sub: `routing ${latency(stages.routing?.p99Ms)}`,
    }),
  },
  {
    label: 'Delivery p99.9',
    figure: ({ stats: { stages } }) => ({
      value: latency(stages.delivery?.p999Ms),
      sub: `max ${latency(stages.delivery?.maxMs)}`,
    }),
  },
  {
    label: 'Drops',
    figure: ({ stats: { rates, pending } }) => ({
      value: rate(rates.dropped),
      sub: `outboxes blocked: ${pending.blockedOutboxes}`,
      tone: rates.dropped > 0 ? 'bad' : 'plain',
    }),
  },
  {
    label: 'Loop busy',
    figure: ({ stats: { loop } }) => ({
      value: percent(loop.utilization),
      sub: `lag p99 ${latency(loop.lagP99Ms)}`,
      tone: loop.utilization > BUSY_WARN ? 'warn' : 'plain',
    }),
  },
  {
    label: 'Memory',
    figure: ({ stats: { memory } }) => {
      const share = memory.budget > 0 ? memory.used / memory.budget : 0
      return {
        value: percent(share),
        sub: `of ${bytes(memory.budget)}`,
        tone: share > MEMORY_BAD ? 'bad' : share > MEMORY_WARN ? 'warn' : 'plain',
      }
    },
  },
]

/** The figures that one looks at first. */
export class TilesPanel implements Panel {
  private readonly tiles: { tile: Tile; box: HTMLElement; value: HTMLElement; sub: HTMLElement }[] = []

  constructor() {
    const list = find('#tiles', HTMLElement)
    for (const tile of TILES) {
      const value = make('dd', {}, '–')
      const sub = make('dd', { class: 'sub' }, '\u00a0')
      const box = make('div', {}, make('dt', {}, tile.label), value, sub)
      list.append(box)
      this.tiles.push({ tile, box, value, sub })
    }
  }

  update(moment: Moment): void {
    for (const { tile, box, value, sub } of this.tiles) {
      const figure = tile.figure(moment)
      setText(value, figure.value)
      setText(sub, figure.sub)
      setAttribute(box, 'data-tone', figure.tone ?? 'plain')
    }
  }
}
