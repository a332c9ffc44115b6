import type { Account } from './job.js'

/** Counters settle when what is under way has been written; a drain takes no longer than this. */
const SETTLE_MS = 3000
const POLL_MS = 50

/** What our daemon counts from here on, by its /metrics. */
export async function openAccount(adminUrl: string): Promise<() => Promise<Account>> {
  const before = await read(adminUrl)
  return async () => {
    const startedAt = performance.now()
    for (;;) {
      const account = difference(await read(adminUrl), before)
      if (account.pending === 0 || performance.now() - startedAt > SETTLE_MS) return account
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }
}

/** Deliveries that are neither made, nor dropped for a reason, nor still to be made. 0, or our daemon has lost count. */
export function unaccounted({ due, delivered, dropped, pending }: Account): number {
  return due - delivered - pending - sumOf(dropped)
}

export function sumOf(dropped: Account['dropped']): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0)
}

async function read(adminUrl: string): Promise<Account> {
  const response = await fetch(`${adminUrl}/metrics`)
  if (!response.ok) throw new Error(`the daemon does not tell its counters: ${response.status}`)
  return accountIn(await response.text())
}

/** The account in a page in Prometheus' text format. */
export function accountIn(metrics: string): Account {
  const one = (name: string): number => {
    const found = new RegExp(`^${name} (\\S+)`, 'm').exec(metrics)
    if (found === null) throw new Error(`the daemon's metrics have no ${name}`)
    return Number(found[1])
  }
  const dropped: Account['dropped'] = {}
  for (const [, reason, count] of metrics.matchAll(/^sluice_deliveries_dropped_total\{reason="([^"]+)"\} (\S+)/gm)) {
    if (Number(count) > 0) dropped[reason] = Number(count)
  }
  return {
    accepted: one('sluice_events_accepted_total'),
    due: one('sluice_deliveries_due_total'),
    delivered: one('sluice_deliveries_total'),
    dropped,
    pending: one('sluice_deliveries_pending'),
  }
}

/** Counters count on from run to run; what is pending is as it is. */
function difference(after: Account, before: Account): Account {
  const dropped: Account['dropped'] = {}
  for (const [reason, count] of Object.entries(after.dropped)) {
    const grown = count - (before.dropped[reason] ?? 0)
    if (grown > 0) dropped[reason] = grown
  }
  return {
    accepted: after.accepted - before.accepted,
    due: after.due - before.due,
    delivered: after.delivered - before.delivered,
    dropped,
    pending: after.pending,
  }
}
