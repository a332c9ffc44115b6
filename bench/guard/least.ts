const ATTEMPTS_MAX = 5
/** Two attempts that differ by less than this share, and a little, have seen the same code. */
const ALIKE_SHARE = 0.1

/**
 * Repeats a measurement until two of them agree, and takes the least: code that is not compiled yet, or is once more, allocates what compiled code does not, and
 * the compiler comes when it comes.
 * @param alike difference that counts as none, in the unit of `sizeOf`
 */
export async function leastOf<T>(
  measure: () => T | Promise<T>,
  sizeOf: (measured: T) => number,
  alike: number,
): Promise<T> {
  let least = await measure()
  for (let attempt = 1; attempt < ATTEMPTS_MAX; attempt++) {
    const next = await measure()
    const [small, large] = [sizeOf(least), sizeOf(next)].sort((a, b) => a - b)
    if (sizeOf(next) < sizeOf(least)) least = next
    if (large - small <= small * ALIKE_SHARE + alike) break
  }
  return least
}
