import { SLOW_SUBSCRIBERS_MAX, type SlowSubscriber } from '../../observe/sample.js'
import { cells, find, make, Rows, setHidden, setText } from '../dom.js'
import { bytes, count, duration, latency } from '../format.js'
import type { Moment, Panel } from './panel.js'

const LONG_MS = 1000

export class SlowPanel implements Panel {
  private readonly empty = find('#slow-empty', HTMLElement)
  private readonly table = find('#slow .scroll', HTMLElement)
  private readonly rows = new Rows<SlowSubscriber>(
    find('#slow-rows', HTMLElement),
    () => this.makeRow(),
    SLOW_SUBSCRIBERS_MAX,
  )

  update({ stats: { slow } }: Moment): void {
    setHidden(this.empty, slow.length > 0)
    setHidden(this.table, slow.length === 0)
    this.rows.update(slow)
  }

  private makeRow() {
    const { row, cells: made } = cells(4, true)
    const [who, waiting, dropped, blocked] = made
    const name = make('span', { class: 'foreign' })
    const where = make('span', { class: 'sub foreign' })
    who.append(name, where)
    const waitingBytes = make('span')
    const waitingEvents = make('span', { class: 'sub' })
    waiting.append(waitingBytes, waitingEvents)
    for (const cell of made.slice(1)) cell.classList.add('n')
    return {
      element: row,
      update: (subscriber: SlowSubscriber) => {
        setText(name, subscriber.name === '' ? '(no name)' : subscriber.name)
        setText(where, [subscriber.address, `session ${subscriber.session}`].filter((part) => part !== '').join(' · '))
        setText(waitingBytes, bytes(subscriber.pendingBytes))
        setText(waitingEvents, `${count(subscriber.pendingEvents)} events`)
        setText(dropped, count(subscriber.dropped))
        setText(
          blocked,
          subscriber.blockedMs < LONG_MS ? latency(subscriber.blockedMs) : duration(subscriber.blockedMs / 1000),
        )
      },
    }
  }
}
