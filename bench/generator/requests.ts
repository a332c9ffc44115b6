import { runAutocannon } from './autocannon.js'
import { CopyCounter } from './copies.js'
import { runH2load } from './h2load.js'
import type { Load, RequestSpec, RequestsJob, RequestsResult, Target } from './job.js'
import { openReceiver } from './setup.js'

const READ_BYTES = 256 * 1024
/** Deliveries that have not come when none has for so long are lost. */
const STILL_MS = 3000
const POLL_MS = 20
const ACCEPTED = /^sluice_events_accepted_total (\d+)/m

/** What a load program reached. Every request that was sent has been answered when it returns. */
export interface Volley {
  sent: number
  accepted: number
  refused: number
  requestsPerSecond: number
  load: Load
}

/** Single publishes by HTTP, with a subscriber that counts what comes of them where the subject is our bus. */
export async function runRequests(job: RequestsJob): Promise<RequestsResult> {
  const { adminUrl } = job.target
  if (adminUrl === null) return { ...result(await fire(job)), counted: null, delivered: null }
  const counter = new CopyCounter(JSON.parse(job.requests.body))
  const spec = { patterns: [job.requests.topic], streams: [0] }
  const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const subscriber = await openReceiver(job.target, readBuffer, spec, { bytesMax: 0, eventsMax: 0 })
  subscriber.stream((chunk, start, end) => counter.feed(chunk, start, end))
  try {
    const before = await acceptedBy(adminUrl)
    const volley = await fire(job)
    const counted = (await acceptedBy(adminUrl)) - before
    await allCame(counter, counted)
    if (subscriber.failure !== null) throw subscriber.failure
    if (counter.corrupt !== null) throw new Error(`the subscriber received ${counter.corrupt}`)
    return { ...result(volley), counted, delivered: counter.copies }
  } finally {
    subscriber.close()
  }
}

function result({ load, ...volley }: Volley) {
  return { kind: 'requests' as const, ...volley, ...load }
}

function fire(job: RequestsJob): Promise<Volley> {
  return job.requests.tool === 'autocannon' ? runAutocannon(job) : runH2load(job)
}

export function urlOf({ port, tls }: Target, { topic }: RequestSpec): string {
  return `${tls ? 'https' : 'http'}://127.0.0.1:${port}/v1/topics/${topic}`
}

async function acceptedBy(adminUrl: string): Promise<number> {
  const response = await fetch(`${adminUrl}/metrics`)
  const count = ACCEPTED.exec(await response.text())?.[1]
  if (count === undefined) throw new Error('the daemon tells no sluice_events_accepted_total')
  return Number(count)
}

async function allCame(counter: CopyCounter, expected: number): Promise<void> {
  let last = counter.copies
  let movedAt = performance.now()
  while (counter.copies < expected && performance.now() - movedAt < STILL_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    if (counter.copies === last) continue
    last = counter.copies
    movedAt = performance.now()
  }
}
