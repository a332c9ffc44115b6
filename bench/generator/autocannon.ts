import { once } from 'node:events'
import autocannon, { type Client } from 'autocannon'
import type { RequestsJob } from './job.js'
import { LoadMeter } from './load.js'
import { urlOf, type Volley } from './requests.js'

/** Seconds; it is stopped when the run is over. */
const DURATION_MAX_S = 60
/** Answers that have not come after this never do. */
const ANSWER_MS_MAX = 10_000
const POLL_MS = 5

/** Runs autocannon in this process, which is a generator's: one connection sends its next request when an answer has come. */
export async function runAutocannon(job: RequestsJob): Promise<Volley> {
  const { connections, concurrency, body } = job.requests
  const clients: Client[] = []
  const counts = { sent: 0, accepted: 0, refused: 0 }
  const instance = autocannon({
    url: urlOf(job.target, job.requests),
    connections,
    pipelining: concurrency,
    duration: DURATION_MAX_S,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    setupClient(client) {
      clients.push(client)
      client.on('request', () => counts.sent++)
    },
  })
  const failures: string[] = []
  instance.on('response', (_client: Client, status: number) => {
    if (status >= 200 && status < 300) counts.accepted++
    else counts.refused++
  })
  instance.on('reqError', (error: Error) => failures.push(error.message))
  const done = once(instance, 'done')
  const answered = () => counts.accepted + counts.refused

  await passed(job.warmupMs)
  const before = answered()
  const meter = new LoadMeter(job.target.pid, job.cores)
  await passed(job.measureMs)
  const load = meter.until()
  const during = answered() - before

  // It would cut connections with requests under way, whose events nobody could then tell from lost ones: it is brought to rest first.
  for (const client of clients) client._doRequest = () => {}
  const restAt = performance.now()
  while (answered() < counts.sent && performance.now() - restAt < ANSWER_MS_MAX) await passed(POLL_MS)
  instance.stop()
  await done
  if (failures.length > 0) throw new Error(`autocannon: ${failures.length} errors, the first: ${failures[0]}`)
  return { ...counts, requestsPerSecond: (during * 1000) / load.measuredMs, load }
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
