import type { Block } from '../block.js'
import { bytes, count, percent, time } from '../figures.js'
import { Rank } from '../rank.js'
import { fitting, type Line, span, type Tone } from '../spans.js'
import { visible } from '../text.js'
import type { Seen } from '../view.js'

function labelled(label: string, figure: string, tone: Tone = 'plain'): Line {
  return [span(`${label} `, 'dim'), span(figure, tone)]
}

/** The event loop and what it costs; memory; who is connected. */
export function process({ stats }: Seen, width: number): Block {
  const { loop, memory, pending } = stats
  const used = memory.budget > 0 ? memory.used / memory.budget : 0
  const lines: Line[] = [
    fitting(
      [
        labelled('loop', `lag p99 ${time(loop.lagP99Ms)}`, loop.lagP99Ms > 20 ? 'yellow' : 'plain'),
        labelled('max', time(loop.lagMaxMs), loop.lagMaxMs > 100 ? 'red' : 'plain'),
        labelled('busy', percent(loop.utilization)),
        labelled('gc', `${time(loop.gcMs)}/s`),
        labelled('max', time(loop.gcMaxMs), loop.gcMaxMs > 20 ? 'yellow' : 'plain'),
        labelled('cpu', percent(loop.cpu)),
      ],
      width,
    ),
    fitting(
      [
        labelled(
          'memory',
          `outboxes ${bytes(memory.used)} of ${bytes(memory.budget)} (${percent(used)})`,
          used > 0.8 ? 'red' : 'plain',
        ),
        labelled('resident', bytes(memory.resident)),
        labelled('heap', bytes(memory.heapUsed)),
      ],
      width,
    ),
    fitting(
      [
        labelled('pending', `${count(pending.lanes)} in lanes`),
        [span(`${count(pending.outboxes)} in outboxes`)],
        [span(`${count(pending.blockedOutboxes)} blocked`, pending.blockedOutboxes > 0 ? 'yellow' : 'plain')],
      ],
      width,
    ),
    fitting(
      [
        labelled('sessions', count(stats.sessions)),
        labelled('subscriptions', count(stats.subscriptions)),
        labelled('patterns', count(stats.patterns)),
        labelled('topics', count(stats.topics)),
        ...Object.entries(stats.connections).map(([listener, open]) => labelled(visible(listener), count(open))),
      ],
      width,
    ),
  ]
  return {
    steps: [
      [1, Rank.LOOP],
      [2, Rank.MEMORY],
      [lines.length, Rank.PROCESS],
    ],
    draw: (height) => lines.slice(0, height),
  }
}

/** Why events were not delivered: what goes on now first. */
export function drops({ stats }: Seen, width: number): Block {
  const some = stats.drops
    .filter(({ total }) => total > 0)
    .sort((a, b) => b.rate - a.rate || b.total - a.total)
    .map(({ reason, rate, total }) =>
      labelled(visible(reason), `${count(rate)}/s (${count(total)})`, rate > 0 ? 'red' : 'plain'),
    )
  const line = fitting(some.length === 0 ? [labelled('drops', 'none')] : [[span('drops', 'dim')], ...some], width)
  return { steps: [[1, Rank.DROPS]], draw: () => [line] }
}
