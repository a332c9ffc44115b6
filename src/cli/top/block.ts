import type { Line } from './spans.js'

/** So many lines, and how much they matter: 0 is what must be seen before anything else. */
export type Step = readonly [lines: number, rank: number]

/** A part of the picture that can be drawn in more or fewer lines. */
export interface Block {
  /** Heights that show more than the one before, the least first; with fewer lines it is left out. */
  readonly steps: readonly Step[]
  /** @returns at most `height` lines */
  draw(height: number): readonly Line[]
}

interface Growth {
  readonly block: Block
  readonly lines: number
  readonly rank: number
  readonly from: number
}

/**
 * Blocks in their order, in at most so many lines: they grow step by step in the order of what matters most. Lines that are left set them apart.
 */
export function stack(blocks: readonly Block[], height: number): Line[] {
  const heights = allotted(blocks, height)
  const parts = blocks
    .filter((block) => heights.has(block))
    .map((block) => block.draw(heights.get(block) as number))
    .filter(({ length }) => length > 0)
  let left = height - parts.reduce((sum, { length }) => sum + length, 0)
  return parts.flatMap((lines, index) => {
    const isApart = index > 0 && left > 0 && lines.length + parts[index - 1].length > 2
    if (isApart) left--
    return isApart ? [[], ...lines] : [...lines]
  })
}

function allotted(blocks: readonly Block[], height: number): Map<Block, number> {
  const heights = new Map<Block, number>()
  let left = height
  for (const { block, lines, from } of byRank(blocks)) {
    const own = heights.get(block) ?? 0
    // A step that found no room is not made up for by the next one.
    if (own !== from || lines - own > left) continue
    heights.set(block, lines)
    left -= lines - own
  }
  return heights
}

function byRank(blocks: readonly Block[]): Growth[] {
  const growths = blocks.flatMap((block) => {
    let from = 0
    return block.steps.flatMap(([lines, rank]): Growth[] => {
      if (lines <= from) return []
      const growth = { block, lines, rank, from }
      from = lines
      return [growth]
    })
  })
  return growths.sort((a, b) => a.rank - b.rank)
}
