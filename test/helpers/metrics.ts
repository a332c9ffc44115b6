import type { DROP_REASONS } from '../../src/protocol/ops.js'

/** One scrape of /metrics in Prometheus' text format. */
export class Scrape {
  private readonly samples = new Map<string, number>()

  /** @throws Error for a line that is neither a comment nor a sample */
  constructor(readonly text: string) {
    for (const line of text.split('\n')) {
      if (line === '' || line.startsWith('# HELP ') || line.startsWith('# TYPE ')) continue
      const match = /^([a-z0-9_]+(?:\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})?) (\S+)$/.exec(line)
      const value = Number(match?.[2])
      if (match === null || Number.isNaN(value)) throw new Error(`not a sample: ${line}`)
      this.samples.set(match[1], value)
    }
  }

  /** 0 when there is no such sample: counters with labels appear with their first count. */
  get(name: string, label?: string, value?: string): number {
    return this.samples.get(label === undefined ? name : `${name}{${label}="${value}"}`) ?? 0
  }

  has(name: string): boolean {
    return this.samples.has(name)
  }

  /** Over all values of its label. */
  sum(name: string): number {
    let sum = 0
    for (const [key, value] of this.samples) if (key === name || key.startsWith(`${name}{`)) sum += value
    return sum
  }

  refused(codeName: string): number {
    return this.get('sluice_refused_total', 'code', codeName)
  }

  dropped(reason: (typeof DROP_REASONS)[number]): number {
    return this.get('sluice_deliveries_dropped_total', 'reason', reason)
  }

  /** What the two conservation identities of the daemon leave over: both are 0, always. */
  get imbalance(): { routing: number; delivery: number } {
    return {
      routing:
        this.get('sluice_events_accepted_total') -
        this.sum('sluice_events_routed_total') -
        this.get('sluice_events_expired_unrouted_total') -
        this.get('sluice_events_pending'),
      delivery:
        this.get('sluice_deliveries_due_total') -
        this.get('sluice_deliveries_total') -
        this.sum('sluice_deliveries_dropped_total') -
        this.get('sluice_deliveries_pending'),
    }
  }
}

export async function scrape(adminUrl: string): Promise<Scrape> {
  const response = await fetch(`${adminUrl}/metrics`)
  if (!response.ok) throw new Error(`/metrics answered ${response.status}`)
  return new Scrape(await response.text())
}
