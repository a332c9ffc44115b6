import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Lets go of the processor for a moment, between one piece of work and the next. Where this thread and the routing thread have one processor for both, an
 * event that comes meanwhile waits for one piece at most: however low its priority, what runs is not interrupted at once.
 */
export async function pause(): Promise<void> {
  await sleep(1)
}
