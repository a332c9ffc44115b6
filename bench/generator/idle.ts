import { wireNamed } from '../wires/index.js'
import { openEventStreams } from './event-streams.js'
import type { IdleJob, IdleResult, Target } from './job.js'
import { settledRssBytes } from './settle.js'
import { inParallel, openTo } from './setup.js'

const READ_BYTES = 64 * 1024

/** Something open that is only held. */
export interface Held {
  readonly failure: Error | null
  close(): void
}

/** Memory of connections, or event streams on them, that are open, accepted, and silent. */
export async function runIdle({ target, connections, streamsEach }: IdleJob): Promise<IdleResult> {
  const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const held: Held[] = []
  try {
    const rssBeforeBytes = await settledRssBytes(target.pid)
    await inParallel(connections, async () => {
      held.push(
        streamsEach > 0
          ? await openEventStreams(target.port, target.tls, streamsEach, readBuffer)
          : await openSession(target, readBuffer),
      )
    })
    const rssAfterBytes = await settledRssBytes(target.pid)
    const failed = held.find(({ failure }) => failure !== null)
    if (failed !== undefined) throw failed.failure
    const open = connections * Math.max(1, streamsEach)
    return { kind: 'idle', open, rssBeforeBytes, rssAfterBytes, bytesEach: (rssAfterBytes - rssBeforeBytes) / open }
  } finally {
    for (const each of held) each.close()
  }
}

async function openSession(target: Target, readBuffer: Buffer): Promise<Held> {
  const connection = await openTo(target, readBuffer)
  await wireNamed(target.wire).open(connection, 'subscriber')
  return connection
}
