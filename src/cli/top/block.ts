import type { Line } from './spans.js'

/** A part of the picture that can be drawn in more or fewer lines. */
export interface Block {
  /** 0 is what must be seen before anything else. */
  readonly rank: number
  /** With fewer lines it is left out. */
  readonly least: number
  /** With more it would show nothing more. */
  readonly most: number
  /** @returns at most `height` lines */
  draw(height: number): readonly Line[]
}

/**
 * Blocks in their order, in at most so many lines: first each gets the least that it needs, by rank, then they grow in turn; what is left sets them apart.
 */
export function stack(blocks: readonly Block[], height: number): Line[] {
  const heights = allotted(blocks, height)
  const shown = blocks.filter((block) => (heights.get(block) ?? 0) > 0)
  const parts = shown.map((block) => block.draw(heights.get(block) as number))
  let left = height - parts.reduce((sum, { length }) => sum + length, 0)
  return parts.flatMap((lines, index) => {
    const apart = index > 0 && left > 0 && lines.length + parts[index - 1].length > 2
    if (apart) left--
    return apart ? [[], ...lines] : [...lines]
  })
}

function allotted(blocks: readonly Block[], height: number): Map<Block, number> {
  const byRank = [...blocks].sort((a, b) => a.rank - b.rank)
  const heights = new Map<Block, number>()
  let left = height
  for (const block of byRank) {
    if (block.least > left || block.most === 0) continue
    heights.set(block, block.least)
    left -= block.least
  }
  for (let grew = true; grew && left > 0; ) {
    grew = false
    for (const [block, own] of heights) {
      if (left === 0 || own >= block.most) continue
      heights.set(block, own + 1)
      left--
      grew = true
    }
  }
  return heights
}
