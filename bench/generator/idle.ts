import { wireNamed } from '../wires/index.js'
import type { Connection } from './connection.js'
import type { IdleJob, IdleResult } from './job.js'
import { settledRssBytes } from './settle.js'
import { inParallel, openTo } from './setup.js'

const READ_BYTES = 64 * 1024

/** Memory of connections that are open, accepted, and silent. */
export async function runIdle(job: IdleJob): Promise<IdleResult> {
  const wire = wireNamed(job.target.wire)
  const { port, pid } = job.target
  const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const open: Connection[] = []
  try {
    const rssBeforeBytes = await settledRssBytes(pid)
    await inParallel(job.connections, async () => {
      const connection = await openTo(wire, port, readBuffer)
      open.push(connection)
      await wire.open(connection, 'subscriber')
    })
    const rssAfterBytes = await settledRssBytes(pid)
    const failed = open.find((connection) => connection.failure !== null)
    if (failed !== undefined) throw failed.failure
    return {
      kind: 'idle',
      connections: open.length,
      rssBeforeBytes,
      rssAfterBytes,
      bytesEach: (rssAfterBytes - rssBeforeBytes) / open.length,
    }
  } finally {
    for (const connection of open) connection.close()
  }
}
