import type { Limit } from '../../observe/stats.js'
import { find, make, Rows, setShare, setText } from '../dom.js'
import { duration, percent } from '../format.js'
import type { Moment, Panel, Tone } from './panel.js'

/** How the limits are called on the page, and how bad they are by themselves: a daemon at work is not ill. */
export const LIMIT_NAMES: Readonly<Record<Limit, { readonly name: string; readonly tone: Tone }>> = {
  idle: { name: 'None: idle', tone: 'ok' },
  ingress: { name: 'Ingress', tone: 'plain' },
  parsing: { name: 'Parsing', tone: 'plain' },
  matching: { name: 'Matching', tone: 'plain' },
  routing: { name: 'Routing', tone: 'plain' },
  fanout: { name: 'Fan-out', tone: 'plain' },
  send: { name: 'Sending', tone: 'plain' },
  'slow-consumer': { name: 'Slow consumer', tone: 'warn' },
  gc: { name: 'Garbage collection', tone: 'warn' },
  stall: { name: 'Stalled loop', tone: 'bad' },
  starved: { name: 'No processor', tone: 'bad' },
  memory: { name: 'Memory', tone: 'bad' },
}

const ANOMALIES_MAX = 4

export class BottleneckPanel implements Panel {
  private readonly section = find('#bottleneck', HTMLElement)
  private readonly limit = find('#bottleneck-limit', HTMLElement)
  private readonly says = find('#bottleneck-says', HTMLElement)
  private readonly since = find('#bottleneck-since', HTMLElement)
  private readonly share = find('#bottleneck-share', HTMLElement)
  private readonly anomalies = new Rows<string>(
    find('#anomalies', HTMLElement),
    () => {
      const element = make('li', { class: 'foreign' })
      return { element, update: (says) => setText(element, says) }
    },
    ANOMALIES_MAX,
  )

  update({ stats }: Moment): void {
    const { bottleneck } = stats
    const { name, tone } = LIMIT_NAMES[bottleneck.limit]
    this.section.dataset.tone = tone
    this.section.dataset.limit = bottleneck.limit
    setText(this.limit, name)
    setText(this.says, bottleneck.says)
    const stood = bottleneck.since > 0 ? `for ${duration((stats.at - bottleneck.since) / 1000)}` : ''
    const share = bottleneck.limit === 'idle' ? '' : `share ${percent(bottleneck.share)}`
    setText(this.since, [stood, share].filter((part) => part !== '').join(' · '))
    setShare(this.share, bottleneck.share)
    this.anomalies.update(stats.anomalies.map(({ says }) => says))
  }
}
