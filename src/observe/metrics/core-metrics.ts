import type { Router } from '../../core/router.js'
import { codeName } from '../../protocol/codes.js'
import { DROP_REASONS } from '../../protocol/ops.js'
import type { MetricList } from './definition.js'

/** What the core counts. */
export function defineCoreMetrics(metrics: MetricList, router: Router): void {
  const { meters } = router
  const byLane = (values: ArrayLike<number>): [string, number][] =>
    Array.from(values, (value, lane): [string, number] => [String(lane), value])

  metrics.counter('sluice_events_accepted_total', 'Events taken from publishers.', () => meters.accepted)
  metrics.counter('sluice_accepted_bytes_total', 'Bytes of frames of accepted events.', () => meters.acceptedBytes)
  metrics.counters('sluice_refused_total', 'Events and frames refused, by code of the protocol.', 'code', () =>
    Array.from(meters.refused, ([code, count]): [string, number] => [codeName(code), count]),
  )
  metrics.counters('sluice_events_routed_total', 'Events matched to their receivers, by lane.', 'lane', () =>
    byLane(meters.routedByLane),
  )
  metrics.counter(
    'sluice_events_unmatched_total',
    'Routed events that nobody was subscribed to.',
    () => meters.unmatched,
  )
  metrics.counter(
    'sluice_events_expired_unrouted_total',
    'Events whose time to live ended before they were routed.',
    () => meters.expiredUnrouted,
  )
  metrics.counter('sluice_deliveries_due_total', 'Routed events times their receivers.', () => meters.matched)
  metrics.counter('sluice_deliveries_total', 'Events handed to a transport, once per receiver.', () => meters.delivered)
  metrics.counters('sluice_deliveries_dropped_total', 'Events that a receiver does not get, by reason.', 'reason', () =>
    DROP_REASONS.map((reason, index): [string, number] => [reason, meters.dropped[index]]),
  )
  metrics.gauge('sluice_deliveries_pending', 'Events waiting in outboxes.', () => meters.pendingInOutboxes)
  metrics.gauge('sluice_events_pending', 'Accepted events not yet routed.', () => router.meters.pendingInLanes)
  metrics.gauges('sluice_lane_runs', 'Runs waiting in the router, by lane.', 'lane', () => byLane(router.lanes.depths))
  metrics.counter('sluice_runs_total', 'Runs routed; events over runs is how well events merge.', () => meters.runs)
  metrics.counter('sluice_writes_total', 'Writes to links.', () => meters.writes)
  metrics.counter('sluice_written_bytes_total', 'Bytes of frames written to links.', () => meters.writtenBytes)
  metrics.counter('sluice_gaps_total', 'Gap frames sent.', () => meters.gaps)
  metrics.counter(
    'sluice_slow_consumers_total',
    'Sessions ended because they did not read.',
    () => meters.slowConsumers,
  )
  metrics.counter('sluice_topics_evicted_total', 'Topics given up by the table of topics.', () => router.topics.evicted)
  metrics.gauge('sluice_topics', 'Topics known now.', () => router.topics.size)
  metrics.gauge('sluice_patterns', 'Patterns known now.', () => router.patterns.size)
  metrics.gauge('sluice_sessions', 'Sessions open now.', () => router.sessions.size)
  metrics.gauge('sluice_subscriptions', 'Subscriptions there are now.', () => meters.subscriptions)
  metrics.gauge('sluice_memory_budget_bytes', 'Memory that may wait in outboxes.', () => router.delivery.budget.max)
  metrics.gauge('sluice_memory_used_bytes', 'Memory that outboxes hold now.', () => router.delivery.budget.used)
  metrics.gauge(
    'sluice_outboxes_blocked',
    'Sessions whose link takes nothing at the moment.',
    () => meters.blockedOutboxes,
  )
  metrics.gauge(
    'sluice_unfinished_budget_bytes',
    'Memory that messages and bodies may take that are not whole yet.',
    () => router.unfinished.max,
  )
  metrics.gauge('sluice_unfinished_used_bytes', 'Memory that they take now.', () => router.unfinished.used)
  metrics.gauge('sluice_overloaded', '1 while publishers are refused.', () => (router.delivery.isOverloaded ? 1 : 0))
  metrics.gauge('sluice_runs_held', 'Runs out of their pool.', () => router.runs.held)
  metrics.gauge('sluice_batches_held', 'Batches out of their pool.', () => router.delivery.heldBatches)
  metrics.gauge('sluice_pages_held', 'Backlog pages out of their pool.', () => router.delivery.pages.held)
}
