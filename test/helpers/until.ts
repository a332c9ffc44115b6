const LOOK_INTERVAL_MS = 5
const PATIENCE_MS = 30_000

/** Resolves once the condition holds; rejects after half a minute, naming what did not come. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const started = performance.now()
  while (!(await condition())) {
    if (performance.now() - started > patienceMs) throw new Error(`waited in vain for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS))
  }
}
