import { SLOW_SUBSCRIBERS_MAX, type SlowSubscriber } from '../../observe/sample.js'
import { cells, find, make, Rows, setAttribute, setHidden, setText } from '../dom.js'
import { bytes, count, duration, latency } from '../format.js'
import { type KickDialog, nameOf } from './kick.js'
import type { Moment, Panel } from './panel.js'

const LONG_MS = 1000

/** Who is furthest behind, by name, with a way to end it. */
export class SlowPanel implements Panel {
  private readonly empty = find('#slow-empty', HTMLElement)
  private readonly table = find('#slow .scroll', HTMLElement)
  private readonly rows = new Rows<SlowSubscriber>(
    find('#slow-rows', HTMLElement),
    () => this.makeRow(),
    SLOW_SUBSCRIBERS_MAX,
  )

  constructor(private readonly dialog: KickDialog) {}

  update({ stats: { slow } }: Moment): void {
    setHidden(this.empty, slow.length > 0)
    setHidden(this.table, slow.length === 0)
    this.rows.update(slow)
  }

  private makeRow() {
    const { row, cells: made } = cells(5, true)
    const [who, waiting, dropped, blocked, action] = made
    const name = make('span', { class: 'foreign' })
    const where = make('span', { class: 'sub foreign' })
    who.append(name, where)
    const waitingBytes = make('span')
    const waitingEvents = make('span', { class: 'sub' })
    waiting.append(waitingBytes, waitingEvents)
    for (const cell of made.slice(1)) cell.classList.add('n')
    let shown: SlowSubscriber | null = null
    const kick = make('button', { type: 'button', class: 'small' }, 'Kick…')
    kick.addEventListener('click', () => shown !== null && this.dialog.ask(shown))
    action.append(kick)
    return {
      element: row,
      update: (subscriber: SlowSubscriber) => {
        shown = subscriber
        setText(name, nameOf(subscriber))
        setAttribute(kick, 'aria-label', `Kick ${nameOf(subscriber)}, session ${subscriber.session}`)
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
