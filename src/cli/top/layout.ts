import { type Block, stack } from './block.js'
import { bottleneck, identity, rates } from './blocks/head.js'
import { help, keys } from './blocks/keys.js'
import { classes, laneDetail, lanes, stages } from './blocks/latency.js'
import { objectives } from './blocks/objectives.js'
import { past, spreadOfDeliveries } from './blocks/past.js'
import { drops, process } from './blocks/process.js'
import { subscribers } from './blocks/subscribers.js'
import { type Line, padded, span } from './spans.js'
import { inLines } from './text.js'
import type { Seen, View } from './view.js'

/** From so many columns on there are two beside each other. */
const TWO_SIDES_WIDTH = 160
const BETWEEN = ' │ '
const LEFT_SHARE = 0.58

/**
 * The picture for a terminal of so many columns and lines: what matters most is seen whatever its size, and where there is room there is more.
 * @returns at most `height` lines of at most `width` columns
 */
export function picture(view: View, width: number, height: number): Line[] {
  if (width < 1 || height < 1) return []
  const footer = keys(view, width)
  if (!isSeen(view)) return framed([identity(view, width)], waiting(view, width), footer, height)
  const head = [identity(view, width), rates(view, width), bottleneck(view, width)]
  if (view.page === 'help') return framed(head, [help(width)], footer, height)
  if (view.page === 'lanes') return framed(head, [laneDetail(view, width), stages(view, width)], footer, height)
  if (width >= TWO_SIDES_WIDTH) return twoSides(view, width, height, head, footer)
  const body = [
    lanes(view, width),
    stages(view, width),
    classes(view, width),
    objectives(view, width),
    subscribers(view, width),
    drops(view, width),
    process(view, width),
    past(view, width),
    spreadOfDeliveries(view, width),
  ]
  return framed(head, body, footer, height)
}

function isSeen(view: View): view is Seen {
  return view.stats !== null
}

/** The keys stand in the last line, whatever is above. */
function framed(head: readonly Block[], body: readonly Block[], footer: Block, height: number): Line[] {
  const foot = height > 3 ? footer.most : 0
  const lines = stack([...head, ...body], height - foot)
  return foot === 0 ? lines : [...lines, ...blank(height - foot - lines.length), ...footer.draw(foot)]
}

function twoSides(view: Seen, width: number, height: number, head: readonly Block[], footer: Block): Line[] {
  const leftWidth = Math.floor((width - BETWEEN.length) * LEFT_SHARE)
  const rightWidth = width - BETWEEN.length - leftWidth
  const foot = footer.most
  const top = stack(head, height - foot)
  const room = height - foot - top.length - 1
  const left = stack(
    [
      lanes(view, leftWidth),
      stages(view, leftWidth),
      classes(view, leftWidth),
      subscribers(view, leftWidth),
      spreadOfDeliveries(view, leftWidth),
    ],
    room,
  )
  const right = stack(
    [objectives(view, rightWidth), process(view, rightWidth), drops(view, rightWidth), past(view, rightWidth)],
    room,
  )
  const both = Array.from(
    { length: Math.min(room, Math.max(left.length, right.length)) },
    (_, row): Line => [...padded(left[row] ?? [], leftWidth), span(BETWEEN, 'dim'), ...(right[row] ?? [])],
  )
  const lines = [...top, [], ...both]
  if (foot === 0) return lines
  return [...lines, ...blank(height - foot - lines.length), ...footer.draw(foot)].slice(0, height)
}

function waiting(view: View, width: number): Block[] {
  const lines = inLines(
    'Waiting for the first figures. The daemon tells them once a second on $sys.stats.',
    width,
    3,
  ).map((text): Line => [span(text)])
  const says: Block = { rank: 1, least: 1, most: lines.length, draw: (height) => lines.slice(0, height) }
  return view.page === 'help' ? [says, help(width)] : [says]
}

function blank(count: number): Line[] {
  return Array.from({ length: Math.max(0, count) }, () => [])
}
