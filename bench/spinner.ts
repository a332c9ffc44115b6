/** Does nothing but read the clock, and tells its parent the gaps (ms) in which it was not let. */
const GAP_MS_MIN = 0.02

const end = performance.now() + Number(process.argv[2])
const gaps: number[] = []
let last = performance.now()
while (last < end) {
  const now = performance.now()
  if (now - last > GAP_MS_MIN) gaps.push(now - last)
  last = now
}
process.send!(gaps, () => process.disconnect())
