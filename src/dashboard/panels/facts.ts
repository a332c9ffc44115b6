import type { Stats } from '../../observe/stats.js'
import { find, make, Rows, setText } from '../dom.js'
import { bytes, count, duration, percent } from '../format.js'
import type { Moment, Panel } from './panel.js'

type Fact = readonly [name: string, value: string]

const FACTS_MAX = 24

/** What else the daemon says of itself. */
export class FactsPanel implements Panel {
  private readonly rows = new Rows<Fact>(find('#facts', HTMLElement), makeFact, FACTS_MAX)

  update({ stats }: Moment): void {
    this.rows.update(factsOf(stats))
  }
}

function factsOf(stats: Stats): Fact[] {
  return [
    ['Sessions', count(stats.sessions)],
    ...Object.entries(stats.connections).map(([name, open]): Fact => [`Connections, ${name}`, count(open)]),
    ['Subscriptions', count(stats.subscriptions)],
    ['Patterns', count(stats.patterns)],
    ['Topics', count(stats.topics)],
    ['Waiting in lanes', `${count(stats.pending.lanes)} events`],
    ['Waiting in outboxes', `${count(stats.pending.outboxes)} events`],
    ['Accepted since the start', count(stats.totals.accepted)],
    ['Delivered since the start', count(stats.totals.delivered)],
    ['Nobody subscribed', `${count(stats.rates.unmatched)}/s`],
    ['Processor', `${percent(stats.loop.cpu)} of a core`],
    ['Resident', bytes(stats.memory.resident)],
    ['Up', duration(stats.server.uptimeS)],
    ['Process', String(stats.server.pid)],
  ]
}

function makeFact() {
  const name = make('dt', { class: 'foreign' })
  const value = make('dd')
  return {
    element: make('div', {}, name, value),
    update: ([nameText, valueText]: Fact) => {
      setText(name, nameText)
      setText(value, valueText)
    },
  }
}
