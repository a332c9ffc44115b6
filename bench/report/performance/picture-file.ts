import { escaped } from '../html/markup.js'
import { COLOURS, PLOT_STYLE } from '../html/theme.js'

const MARGIN = 20
const TITLE_HEIGHT = 26

/** A plot as a file of its own, with a ground, so that it can be read on any page, and a title. */
export function pictureFile(title: string, svg: string): string {
  const size = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)
  if (size === null) throw new Error(`the plot ${title} has no size`)
  const [width, height] = [Number(size[1]), Number(size[2])]
  const label = /aria-label="([^"]*)"/.exec(svg)?.[1] ?? escaped(title)
  const [outerWidth, outerHeight] = [width + 2 * MARGIN, height + 2 * MARGIN + TITLE_HEIGHT]
  const inner = svg
    .replace('<svg ', `<svg x="${MARGIN}" y="${MARGIN + TITLE_HEIGHT}" width="${width}" height="${height}" `)
    .replace(/ role="img" aria-label="[^"]*"/, '')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${outerWidth} ${outerHeight}" width="${outerWidth}" height="${outerHeight}" role="img" aria-label="${label}" class="plot">
<style>${COLOURS}
${PLOT_STYLE}</style>
<rect class="ground" width="${outerWidth}" height="${outerHeight}" rx="10"/>
<text class="head" x="${MARGIN}" y="${MARGIN + 12}">${escaped(title)}</text>
${inner}
</svg>
`
}
