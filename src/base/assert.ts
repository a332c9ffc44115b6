/** A broken invariant of ours: never thrown for what a peer or the world did. Nothing catches it; the supervisor restarts the process. */
export class AssertionFailed extends Error {
  override name = 'AssertionFailed'
}

/** States an invariant. A failure is our bug, so it ends the process rather than being handled. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new AssertionFailed(invariant)
}
