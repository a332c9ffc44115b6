import type { Stats, StatsPoint } from '../../observe/stats.js'
import { Crosshair } from '../charts/crosshair.js'
import { find, setAttribute } from '../dom.js'
import type { FeedListener, FeedState } from '../feed/feed.js'
import { History } from '../history/history.js'
import { Span } from '../history/span.js'
import { BottleneckPanel } from '../panels/bottleneck.js'
import { ChartsPanel } from '../panels/charts.js'
import { FactsPanel } from '../panels/facts.js'
import { HeatPanel } from '../panels/heat.js'
import { KickDialog } from '../panels/kick.js'
import { LanesPanel } from '../panels/lanes.js'
import { LatencyPanel } from '../panels/latency.js'
import type { Panel } from '../panels/panel.js'
import { SlosPanel } from '../panels/slos.js'
import { SlowPanel } from '../panels/slow.js'
import { StagesPanel } from '../panels/stages.js'
import { ThroughputPanel } from '../panels/throughput.js'
import { TilesPanel } from '../panels/tiles.js'
import { Preferences } from './preferences.js'
import { StatusLine } from './status.js'
import { Palette, THEMES } from './theme.js'

const RANGES = ['60', '300', '900', '3600'] as const
const RANGE_TEXTS: Readonly<Record<string, string>> = {
  60: 'last minute',
  300: 'last 5 minutes',
  900: 'last 15 minutes',
  3600: 'last hour',
}

/** All panels, the controls over them, and the history that they are drawn from. */
export class Page implements FeedListener {
  private readonly history = new History()
  private readonly status = new StatusLine()
  private readonly panels: readonly Panel[]
  private readonly preferences = new Preferences()
  private readonly pauseButton = find('#pause', HTMLButtonElement)
  private rangeS = 300
  private latest: Stats | null = null
  /** What is looked at while the picture stands still. */
  private paused: { readonly stats: Stats; readonly history: History } | null = null
  private feed: FeedState = { kind: 'starting' }
  private isDrawAsked = false

  /** @param kick ends a session */
  constructor(kick: (session: number) => Promise<void>) {
    const { preferences } = this
    const palette = new Palette()
    const crosshair = new Crosshair()
    this.radios('theme', THEMES, 'auto', (theme) => palette.choose(theme))
    this.panels = [
      new BottleneckPanel(),
      new TilesPanel(),
      new ThroughputPanel(palette, crosshair, preferences),
      new SlosPanel(),
      new LatencyPanel(palette, crosshair, preferences),
      new SlowPanel(new KickDialog(kick)),
      new HeatPanel(palette, crosshair),
      new LanesPanel(),
      new ChartsPanel(palette, crosshair),
      new StagesPanel(),
      new FactsPanel(),
    ]
    this.radios('range', RANGES, '300', (range) => {
      this.rangeS = Number(range)
      this.askDraw()
    })
    this.pauseButton.addEventListener('click', () => this.togglePause())
    document.addEventListener('visibilitychange', () => this.askDraw())
  }

  stats(stats: Stats): void {
    this.latest = stats
    this.history.putLive(stats)
    this.status.hear(stats, performance.now())
    this.askDraw()
  }

  past(points: readonly StatsPoint[], stepS: number): void {
    for (const point of points) this.history.put(point, stepS)
    this.askDraw()
  }

  state(state: FeedState): void {
    this.feed = state
    this.askDraw()
  }

  private togglePause(): void {
    const isPausing = this.paused === null && this.latest !== null
    this.paused = isPausing && this.latest !== null ? { stats: this.latest, history: this.history.copy() } : null
    setAttribute(this.pauseButton, 'aria-pressed', String(isPausing))
    this.askDraw()
  }

  /** Once a frame at most, and not at all while nobody can see it. */
  private askDraw(): void {
    if (this.isDrawAsked) return
    this.isDrawAsked = true
    requestAnimationFrame(() => {
      this.isDrawAsked = false
      this.draw()
    })
  }

  private draw(): void {
    const { paused } = this
    this.status.show(this.latest, this.feed, paused?.stats.at ?? null)
    const stats = paused?.stats ?? this.latest
    if (stats === null) return
    const span = new Span(paused?.history ?? this.history, this.rangeS)
    const moment = { stats, span, rangeText: RANGE_TEXTS[this.rangeS] }
    for (const panel of this.panels) panel.update(moment)
  }

  private radios<T extends string>(name: string, values: readonly T[], otherwise: T, choose: (value: T) => void): void {
    const chosen = this.preferences.get(name, values, otherwise)
    for (const value of values) {
      const input = find(`#${name} input[value="${value}"]`, HTMLInputElement)
      input.checked = value === chosen
      input.addEventListener('change', () => {
        this.preferences.set(name, value)
        choose(value)
      })
    }
    choose(chosen)
  }
}
