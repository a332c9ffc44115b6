import type { SlowSubscriber } from '../../../observe/sample.js'
import type { Block } from '../block.js'
import { bytes, count, time } from '../figures.js'
import { Rank } from '../rank.js'
import { fitting, type Line, span } from '../spans.js'
import { type Column, table } from '../table.js'
import { clipped, visible } from '../text.js'
import type { Seen, SubscriberOrder } from '../view.js'

const FEW = 3

const VALUE: Readonly<Record<SubscriberOrder, (of: SlowSubscriber) => number | string>> = {
  pending: ({ pendingBytes }) => pendingBytes,
  events: ({ pendingEvents }) => pendingEvents,
  dropped: ({ dropped }) => dropped,
  blocked: ({ blockedMs }) => blockedMs,
  name: ({ name }) => name,
}

/** Sorted: figures from the most, names from A. */
export function sorted(rows: readonly SlowSubscriber[], order: SubscriberOrder, isReversed: boolean): SlowSubscriber[] {
  const value = VALUE[order]
  const way = (order === 'name') === isReversed ? -1 : 1
  return [...rows].sort((a, b) => {
    const [left, right] = [value(a), value(b)]
    const byValue = left < right ? -1 : left > right ? 1 : 0
    return byValue === 0 ? a.session - b.session : byValue * way
  })
}

/** Those that are furthest behind. */
export function subscribers({ stats, order, isReversed }: Seen, width: number): Block {
  const rows = sorted(stats.slow, order, isReversed)
  const isDown = (order === 'name') === isReversed
  const title = (name: string, by: SubscriberOrder): string => (by === order ? `${name}${isDown ? '▼' : '▲'}` : name)
  const columns: Column<SlowSubscriber>[] = [
    {
      title: title('slowest subscriber', 'name'),
      align: 'left',
      rank: 0,
      most: 60,
      cell: ({ name, session }, own) => span(clipped(visible(name) || `session ${session}`, own), 'bold'),
    },
    {
      title: title('pending', 'pending'),
      align: 'right',
      rank: 0,
      least: 8,
      cell: ({ pendingBytes }) => span(bytes(pendingBytes)),
    },
    {
      title: title('events', 'events'),
      align: 'right',
      rank: 2,
      least: 7,
      cell: ({ pendingEvents }) => span(count(pendingEvents)),
    },
    {
      title: title('dropped', 'dropped'),
      align: 'right',
      rank: 1,
      least: 8,
      cell: ({ dropped }) => span(count(dropped), dropped > 0 ? 'red' : 'plain'),
    },
    {
      title: title('blocked', 'blocked'),
      align: 'right',
      rank: 1,
      least: 8,
      cell: ({ blockedMs }) => (blockedMs > 0 ? span(time(blockedMs), 'yellow') : span('–', 'dim')),
    },
    { title: 'session', align: 'right', rank: 5, cell: ({ session }) => span(String(session), 'dim') },
    {
      title: 'address',
      align: 'left',
      rank: 4,
      least: 21,
      most: 47,
      cell: ({ address }, own) => span(clipped(visible(address), own)),
    },
  ]
  const draw = (height: number): Line[] => {
    if (rows.length === 0) return [fitting([[span('no subscriber is behind', 'dim')]], width)]
    return table(columns, rows.slice(0, height - 1), width)
  }
  if (rows.length === 0) return { steps: [[1, Rank.SUBSCRIBER]], draw }
  return {
    steps: [
      [2, Rank.SUBSCRIBER],
      [1 + Math.min(rows.length, FEW), Rank.SUBSCRIBERS],
      [1 + rows.length, Rank.SUBSCRIBERS_ALL],
    ],
    draw,
  }
}
