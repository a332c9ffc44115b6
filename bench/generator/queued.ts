import { kernelQueueBytes } from '../proc.js'
import { wireNamed } from '../wires/index.js'
import type { Connection } from './connection.js'
import { buildCycle, buildDeliveries } from './cycle.js'
import type { QueuedJob, QueuedResult, StreamSpec } from './job.js'
import { settledRssBytes } from './settle.js'
import { openPublisher, openReceiver } from './setup.js'
import { CycleVerifier } from './verify.js'

/** A multiple of every batch, and, of the largest payload, not too much to encode. */
const CYCLE_EVENTS = 64 * 127
const READ_BYTES = 256 * 1024
const TOPIC = 'queued'
/** Bytes that are handed to the socket at a time. */
const WRITE_BYTES = 64 * 1024
const STILL_MS = 3000
/** Rounds of topping up what the kernel took: its buffers grow while they are filled. */
const ROUNDS_MAX = 8

/** Memory of events that wait in the subject because their subscriber does not read. */
export async function runQueued(job: QueuedJob): Promise<QueuedResult> {
  const wire = wireNamed(job.target.wire)
  const { port, pid, publish } = job.target
  const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const stream: StreamSpec = {
    topics: { prefix: TOPIC, digits: 0, suffix: '', count: 1 },
    lane: 3,
    batch: job.batch,
    eventsPerSecond: 0,
  }
  const cycle = buildCycle(wire, stream, 0, CYCLE_EVENTS, job.payloadBytes)
  const deliveries = buildDeliveries(wire, stream, 0, CYCLE_EVENTS, job.payloadBytes, TOPIC)
  const verifier = new CycleVerifier(deliveries, 0, wire.noticeEnd)
  const open: Connection[] = []
  try {
    const spec = { patterns: [TOPIC], streams: [0] }
    // Twice what is to wait, so that the limits are not what is measured.
    const limits = { bytesMax: job.events * deliveries.recordBytes * 2, eventsMax: job.events * 2 }
    const subscriber = await openReceiver(job.target, readBuffer, spec, limits)
    open.push(subscriber)
    const publisher = await openPublisher(publish, readBuffer)
    open.push(publisher)
    subscriber.stream((chunk, start, end) => verifier.feed(chunk, start, end))
    subscriber.pause()
    const rssBeforeBytes = await settledRssBytes(pid)

    let published = 0
    let kernelBytes = 0
    const queued = () => published - Math.round(kernelBytes / deliveries.recordBytes)
    for (let round = 0; round < ROUNDS_MAX && queued() < job.events; round++) {
      let messages = Math.ceil((job.events - queued()) / job.batch)
      const messagesAWrite = Math.max(1, Math.floor(WRITE_BYTES / cycle.messageBytes))
      while (messages > 0) {
        const at = (published % CYCLE_EVENTS) / job.batch
        const count = Math.min(messages, messagesAWrite, CYCLE_EVENTS / job.batch - at)
        const chunk = cycle.publications.subarray(at * cycle.messageBytes, (at + count) * cycle.messageBytes)
        messages -= count
        published += count * job.batch
        if (!publisher.write(chunk)) await new Promise<void>((resolve) => publisher.onceDrained(resolve))
      }
      await wire.sync(publisher)
      kernelBytes = kernelQueueBytes(subscriber.localPort, port)
    }
    const rssAfterBytes = await settledRssBytes(pid)
    kernelBytes = kernelQueueBytes(subscriber.localPort, port)
    const waiting = queued()

    subscriber.resume()
    await allArrived(verifier, published)
    if (verifier.corrupt !== null) throw new Error(`the subscriber received ${verifier.corrupt}`)
    const { delivered, doubled } = verifier.checks[0]
    return {
      kind: 'queued',
      published,
      queued: waiting,
      kernelBytes,
      rssBeforeBytes,
      rssAfterBytes,
      bytesEach: (rssAfterBytes - rssBeforeBytes) / waiting,
      delivered,
      lost: published - (delivered - doubled),
    }
  } finally {
    for (const connection of open) connection.close()
  }
}

async function allArrived(verifier: CycleVerifier, published: number): Promise<void> {
  const [check] = verifier.checks
  let last = -1
  let movedAt = performance.now()
  while (check.delivered < published && performance.now() - movedAt < STILL_MS) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    verifier.settle()
    if (check.delivered !== last) {
      last = check.delivered
      movedAt = performance.now()
    }
  }
}
