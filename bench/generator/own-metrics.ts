/** What our daemon counts of events, summed over lanes and reasons, and what it holds; counts since its start. */
export interface OwnMetrics {
  accepted: number
  /** Events that nobody was subscribed to. */
  unmatched: number
  /** Events times receivers. */
  due: number
  delivered: number
  dropped: number
  expired: number
  pendingInLanes: number
  pendingInOutboxes: number
  connections: number
  heapUsedBytes: number
  externalBytes: number
  /** What waits in outboxes. */
  outboxBytes: number
  /** Runs, batches and backlog pages out of their pools. */
  pooledHeld: number
}

/** A thread of lowest priority answers, which may be held up for long where the machine is full. */
const ATTEMPTS = 5
const RETRY_MS = 500
const ANSWER_MS_MAX = 8000

/** @throws Error when the daemon does not answer so often, or does not tell all of them */
export async function ownMetrics(adminUrl: string, attempts = ATTEMPTS): Promise<OwnMetrics> {
  return metricsOf(await pageOf(`${adminUrl}/metrics`, attempts))
}

async function pageOf(url: string, attempts: number): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS_MAX) })
      const page = await response.text()
      if (response.ok) return page
      throw new Error(`${url} answered ${response.status}`)
    } catch (error) {
      const { message, cause } = error as Error
      if (attempt === attempts) throw new Error(`${url}: ${message}${cause === undefined ? '' : ` (${String(cause)})`}`)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

export function metricsOf(page: string): OwnMetrics {
  const sum = (name: string) => sumOf(page, `sluice_${name}`)
  return {
    accepted: sum('events_accepted_total'),
    unmatched: sum('events_unmatched_total'),
    due: sum('deliveries_due_total'),
    delivered: sum('deliveries_total'),
    dropped: sum('deliveries_dropped_total'),
    expired: sum('events_expired_unrouted_total'),
    pendingInLanes: sum('events_pending'),
    pendingInOutboxes: sum('deliveries_pending'),
    connections: sum('connections'),
    heapUsedBytes: sum('heap_used_bytes'),
    externalBytes: sum('external_memory_bytes'),
    outboxBytes: sum('memory_used_bytes'),
    pooledHeld: sum('runs_held') + sum('batches_held') + sum('pages_held'),
  }
}

/** All series of one name in Prometheus' text format. */
function sumOf(page: string, name: string): number {
  const lines = page.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
  if (lines.length === 0) throw new Error(`the daemon does not tell ${name}`)
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}
