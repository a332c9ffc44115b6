import type { Stats } from '../../observe/stats.js'
import { find, setAttribute, setHidden, setText } from '../dom.js'
import type { FeedState } from '../feed/feed.js'
import { clock, duration } from '../format.js'
import { LIMIT_NAMES } from '../panels/bottleneck.js'
import { sloSentence } from '../panels/slos.js'
import { Announcer } from './announcer.js'

/** A daemon into which nothing has come for so long is one in which nothing flows. */
const QUIET_MS = 5000

const FEED_NAMES: Readonly<Record<FeedState['kind'], string>> = {
  starting: 'connecting',
  live: 'live',
  polling: 'live, by admin port',
  silent: 'no figures',
}

/** The head of the page: which daemon this is, whether what one sees is of now, and what is to be said aloud. */
export class StatusLine {
  private readonly announcer = new Announcer(find('#announcer', HTMLElement))
  private readonly name = find('#server-name', HTMLElement)
  private readonly about = find('#server-about', HTMLElement)
  private readonly badge = find('#feed-state', HTMLElement)
  private readonly banner = find('#banner', HTMLElement)
  private readonly quiet = find('#quiet', HTMLElement)
  private readonly quietSince = find('#quiet-since', HTMLElement)
  private software = ''
  private lastFlowMs = 0
  private quietFromMs = 0

  /** With each second, whether it is drawn or not. */
  hear(stats: Stats, nowMs: number): void {
    if (this.software === '') this.software = stats.server.software
    if (this.quietFromMs === 0) this.quietFromMs = stats.at
    if (stats.rates.accepted > 0) this.lastFlowMs = stats.at
    const { limit, says } = stats.bottleneck
    this.announcer.state('bottleneck', limit, `Bottleneck: ${LIMIT_NAMES[limit].name}. ${says}`, nowMs)
    for (const slo of stats.slos) this.announcer.state(`slo ${slo.name}`, slo.state, sloSentence(slo), nowMs)
  }

  /** @param pausedAtMs when the picture was made to stand still; null while it moves */
  show(stats: Stats | null, feed: FeedState, pausedAtMs: number | null): void {
    this.showFeed(stats, feed, pausedAtMs)
    if (stats === null) return
    const { server } = stats
    setText(this.name, server.name === '' ? 'Sluice' : server.name)
    setText(this.about, [server.software, server.phase, `up ${duration(server.uptimeS)}`].join(' · '))
    const isPaging = stats.slos.some(({ state }) => state === 'page')
    const title = `${isPaging ? '⚠ ' : ''}${server.name === '' ? 'Sluice' : `${server.name} · Sluice`}`
    if (document.title !== title) document.title = title
    const isQuiet = stats.rates.accepted === 0 && stats.at - Math.max(this.lastFlowMs, this.quietFromMs) >= QUIET_MS
    setHidden(this.quiet, !isQuiet)
    setText(
      this.quietSince,
      this.lastFlowMs > 0
        ? `The last event came at ${clock(this.lastFlowMs)}.`
        : 'No event has come since this page was opened.',
    )
  }

  private showFeed(stats: Stats | null, feed: FeedState, pausedAtMs: number | null): void {
    const isPaused = pausedAtMs !== null
    setText(this.badge, isPaused ? `paused at ${clock(pausedAtMs)}` : FEED_NAMES[feed.kind])
    setAttribute(this.badge, 'data-kind', isPaused ? 'paused' : feed.kind)
    const sentence = this.sentence(stats, feed)
    setHidden(this.banner, sentence === '')
    setAttribute(this.banner, 'data-kind', feed.kind)
    setText(this.banner, sentence)
  }

  private sentence(stats: Stats | null, feed: FeedState): string {
    switch (feed.kind) {
      case 'silent': {
        const since = stats === null ? 'No figures have come yet' : `No figures since ${clock(stats.at)}`
        return `${since}: the daemon does not answer${because(feed.reason)}. Trying again.`
      }
      case 'polling':
        return `The bus brings no figures${because(feed.reason)}; these are asked for at the admin port.`
      default:
        return stats !== null && this.software !== stats.server.software
          ? `The daemon is another version now, ${stats.server.software}: load this page anew.`
          : ''
    }
  }
}

function because(reason: string): string {
  return reason === '' ? '' : ` (${reason})`
}
