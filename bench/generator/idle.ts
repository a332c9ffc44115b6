import { wireNamed } from '../wires/index.js'
import { openEventStreams } from './event-streams.js'
import type { HoldJob, HoldResult, IdleJob, IdleResult, Target } from './job.js'
import { settledRssBytes } from './settle.js'
import { inParallel, openTo } from './setup.js'

const READ_BYTES = 64 * 1024
/** Of one local address: Linux gives out some 28,000 ports for each pair of addresses. */
const CONNECTIONS_PER_ADDRESS = 20_000
/** Below what the daemon lets in by default (`limits.connects_per_second`): it is not what is measured. */
const OPENED_PER_SECOND_MAX = 4000

/** Something open that is only held. */
export interface Held {
  readonly failure: Error | null
  close(): void
}

/** Memory of connections, or event streams on them, that are open, accepted, and silent. */
export async function runIdle({ target, connections, streamsEach }: IdleJob): Promise<IdleResult> {
  const held: Held[] = []
  try {
    const rssBeforeBytes = await settledRssBytes(target.pid)
    await openAll(target, connections, streamsEach, held)
    const rssAfterBytes = await settledRssBytes(target.pid)
    const failed = held.find(({ failure }) => failure !== null)
    if (failed !== undefined) throw failed.failure
    const open = connections * Math.max(1, streamsEach)
    return { kind: 'idle', open, rssBeforeBytes, rssAfterBytes, bytesEach: (rssAfterBytes - rssBeforeBytes) / open }
  } finally {
    for (const each of held) each.close()
  }
}

const holding: Held[] = []

/** Opens connections that stay when the job is done, in place of those of the job before. */
export async function runHold({ target, connections }: HoldJob): Promise<HoldResult> {
  for (const each of holding.splice(0)) each.close()
  await openAll(target, connections, 0, holding)
  return { kind: 'hold', open: holding.length }
}

/** @param held gets each as it is there, also when others fail */
async function openAll(target: Target, connections: number, streamsEach: number, held: Held[]): Promise<void> {
  const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const startAt = performance.now()
  await inParallel(connections, async (i) => {
    const earlyMs = startAt + (i * 1000) / OPENED_PER_SECOND_MAX - performance.now()
    if (earlyMs > 1) await new Promise((resolve) => setTimeout(resolve, earlyMs))
    held.push(
      streamsEach > 0
        ? await openEventStreams(target.port, target.tls, streamsEach, readBuffer)
        : await openSession(target, i, readBuffer),
    )
  })
}

async function openSession(target: Target, number: number, readBuffer: Buffer): Promise<Held> {
  const localAddress = localAddressOf(number)
  const connection = await openTo(target, readBuffer, localAddress)
  await wireNamed(target.wire).open(connection, 'subscriber')
  return connection
}

/** All of 127.0.0.0/8 is this machine. Null: whichever the system takes. */
export function localAddressOf(connection: number): string | null {
  const address = Math.floor(connection / CONNECTIONS_PER_ADDRESS)
  return address === 0 ? null : `127.0.0.${address + 1}`
}
