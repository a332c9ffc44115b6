/** Names longer than this are compared by their beginning only: what a file says must not cost a quadratic amount of work. */
const COMPARED_CHARS_MAX = 64

/**
 * The known name that a wrong one was most likely meant to be, or null when none is near.
 * `idleTimeout`, `Idle-Timeout` and `idle_timeuot` all find `idle_timeout`; so does `timeout`, when nothing is nearer.
 */
export function nearest(given: string, known: Iterable<string>): string | null {
  const wanted = normalised(given)
  let best: string | null = null
  let bestDistance = Math.max(2, Math.floor(wanted.length / 4)) + 1
  let part: string | null = null
  for (const name of known) {
    const candidate = normalised(name)
    const distance = editDistance(wanted, candidate)
    if (distance < bestDistance && distance < candidate.length) {
      best = name
      bestDistance = distance
    }
    const [short, long] = wanted.length < candidate.length ? [wanted, candidate] : [candidate, wanted]
    if (part === null && short.length >= 4 && long.includes(short)) part = name
  }
  return best ?? part
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment) that turn one text into the other. */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let distance = Math.min(previous[j]! + 1, current[j - 1]! + 1, replaced)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, beforePrevious[j - 2]! + 1)
      }
      current.push(distance)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length]!
}

function normalised(name: string): string {
  return name
    .slice(0, COMPARED_CHARS_MAX)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase()
}
