/** A media type without its parameters, in lower case; '' for none. */
export function mediaOf(contentType: string): string {
  const end = contentType.indexOf(';')
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
}

interface Range {
  media: string
  quality: number
}

/** How exactly a range of an Accept header names a media type: 0 not at all, 3 in full. */
function exactness(range: string, media: string): number {
  if (range === media) return 3
  if (range === '*/*' || range === '*') return 1
  return range.endsWith('/*') && media.startsWith(range.slice(0, -1)) ? 2 : 0
}

/**
 * Chooses a representation (RFC 9110, 12.5.1).
 * @param accept value of the header; empty stands for anything
 * @param offered in our order of preference
 * @returns the one with the highest quality; of equals one that is named over one that only a wildcard covers, then the first. Null when none is
 *   accepted.
 */
export function negotiate<Media extends string>(accept: string, offered: readonly Media[]): Media | null {
  if (accept.trim() === '') return offered[0] ?? null
  const ranges = accept.split(',').map(readRange)
  let best: Media | null = null
  let bestQuality = 0
  let bestExactness = 0
  for (const media of offered) {
    let quality = 0
    let exact = 0
    for (const range of ranges) {
      const exactly = exactness(range.media, media)
      // The most exact range that covers it says its quality.
      if (exactly <= exact) continue
      exact = exactly
      quality = range.quality
    }
    if (quality > bestQuality || (quality > 0 && quality === bestQuality && exact > bestExactness)) {
      best = media
      bestQuality = quality
      bestExactness = exact
    }
  }
  return best
}

function readRange(text: string): Range {
  const quality = /;\s*q\s*=\s*([0-9.]+)/i.exec(text)
  return { media: mediaOf(text), quality: quality === null ? 1 : Math.min(1, Number(quality[1]) || 0) }
}
