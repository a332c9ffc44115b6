import { type Block, stack } from './block.js'
import { anomalies, bottleneck, identity, rates } from './blocks/head.js'
import { help, keys } from './blocks/keys.js'
import { classes, laneDetail, lanes, stages } from './blocks/latency.js'
import { objectives } from './blocks/objectives.js'
import { past, spreadOfDeliveries } from './blocks/past.js'
import { drops, process } from './blocks/process.js'
import { subscribers } from './blocks/subscribers.js'
import { Rank } from './rank.js'
import { type Line, padded, span } from './spans.js'
import { inLines } from './text.js'
import type { Seen, View } from './view.js'

/** From so many columns on there are two beside each other. */
const TWO_SIDES_WIDTH = 160
const BETWEEN = ' │ '
const LEFT_SHARE = 0.58
/** Lines for the past: four charts of two lines. */
const PAST_HEIGHT = 8
/** In fewer lines there is none for the keys. */
const FOOTED_HEIGHT = 4

/**
 * The picture for a terminal of so many columns and lines: what matters most is seen whatever its size, and where there is room there is more.
 * @returns at most `height` lines of at most `width` columns
 */
export function picture(view: View, width: number, height: number): Line[] {
  if (width < 1 || height < 1) return []
  const footer = keys(view, width)
  if (!isSeen(view)) return framed([identity(view, width)], waiting(view, width), footer, height)
  const head = [identity(view, width), rates(view, width), bottleneck(view, width), anomalies(view, width)]
  if (view.page === 'help') return framed([identity(view, width)], [help(width)], footer, height)
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
  const foot = footHeight(footer, height)
  return [...downTo(stack([...head, ...body], height - foot), height - foot, foot), ...footer.draw(foot).slice(0, foot)]
}

function footHeight({ steps }: Block, height: number): number {
  return steps.length > 0 && height >= FOOTED_HEIGHT ? 1 : 0
}

/** With empty lines above the foot, if there is one. */
function downTo(lines: readonly Line[], height: number, foot: number): Line[] {
  const missing = foot === 0 ? 0 : Math.max(0, height - lines.length)
  return [...lines, ...Array.from({ length: missing }, (): Line => [])]
}

/** Tables beside each other, and the past below them over the whole width. */
function twoSides(view: Seen, width: number, height: number, head: readonly Block[], footer: Block): Line[] {
  const leftWidth = Math.floor((width - BETWEEN.length) * LEFT_SHARE)
  const rightWidth = width - BETWEEN.length - leftWidth
  const foot = footHeight(footer, height)
  const top = stack(head, height - foot)
  const room = height - foot - top.length - 1
  const sidesRoom = room - Math.min(PAST_HEIGHT, Math.floor(room / 4))
  const left = stack(
    [lanes(view, leftWidth), stages(view, leftWidth), classes(view, leftWidth), subscribers(view, leftWidth)],
    sidesRoom,
  )
  const right = stack(
    [
      objectives(view, rightWidth),
      process(view, rightWidth),
      drops(view, rightWidth),
      spreadOfDeliveries(view, rightWidth),
    ],
    sidesRoom,
  )
  const sides = Array.from(
    { length: Math.max(left.length, right.length) },
    (_, row): Line => [...padded(left[row] ?? [], leftWidth), span(BETWEEN, 'dim'), ...(right[row] ?? [])],
  )
  const below = stack([past(view, width)], room - sides.length - 1)
  const lines = [...top, [], ...sides, ...(below.length > 0 ? [[], ...below] : [])].slice(0, height - foot)
  return [...downTo(lines, height - foot, foot), ...footer.draw(foot).slice(0, foot)]
}

function waiting(view: View, width: number): Block[] {
  const sentence = 'Waiting for the first figures. The daemon tells them once a second on $sys.stats.'
  const says: Block = {
    steps: [
      [1, Rank.RATES],
      [3, Rank.RATES],
    ],
    draw: (height) => inLines(sentence, width, height).map((text): Line => [span(text)]),
  }
  return view.page === 'help' ? [says, help(width)] : [says]
}
