import { Registry } from 'prom-client'
import type { Router } from '../core/router.js'
import { codeName } from '../protocol/codes.js'
import { DROP_REASONS } from '../protocol/ops.js'
import { MetricSet } from './metric-set.js'

/** What a transport counts, whichever engine it is. */
export interface ConnectionFigures {
  readonly opened: number
  readonly messages: number
  /** By WebSocket close code. */
  readonly closed: ReadonlyMap<number, number>
  /** By reason. */
  readonly rejected: ReadonlyMap<string, number>
  readonly hostile: ReadonlyMap<string, number>
}

/** What the HTTP API counts. */
export interface HttpFigures {
  /** By status. */
  readonly answered: ReadonlyMap<number, number>
  readonly aborted: number
  readonly streams: number
  readonly streamsWaiting: number
  readonly streamsKeptBytes: number
  readonly resumed: number
  readonly notResumed: number
}

/** What happens in handshakes, and to the certificate. */
export interface TlsFigures {
  /** By engine, version and kind, joined by spaces. */
  readonly handshakes: ReadonlyMap<string, number>
  /** By reason. */
  readonly failed: ReadonlyMap<string, number>
  readonly underWay: number
  readonly waiting: number
  readonly reloads: number
  readonly reloadsFailed: number
}

/** A port that clients connect to. */
export interface ListenerFigures {
  readonly name: string
  readonly ingress: { readonly engine: string; readonly connections: number }
}

/** What is measured of the daemon beside its core. */
export interface MetricsSources {
  router: Router
  listeners: readonly ListenerFigures[]
  ingressMeters: ConnectionFigures
  httpMeters: HttpFigures
  /** Null without a certificate. */
  tls: { readonly meters: TlsFigures; readonly current: { readonly notAfter: Date } } | null
  software: string
}

/**
 * The registry behind /metrics. Everything is read off the meters when it is scraped: on the way of an event nothing is told to prom-client.
 */
export function makeRegistry(sources: MetricsSources): Registry {
  const registry = new Registry()
  const metrics = new MetricSet(registry)
  const { router, listeners, ingressMeters, httpMeters } = sources
  const { meters } = router

  const byLane = (values: ArrayLike<number>): [string, number][] =>
    Array.from(values, (value, lane): [string, number] => [String(lane), value])

  metrics.gauges('sluice_info', 'The running software; always 1.', 'version', () => [[sources.software, 1]])
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
  metrics.gauge('sluice_events_pending', 'Accepted events not yet routed.', () => router.pendingInLanes)
  metrics.gauges('sluice_lane_runs', 'Runs waiting in the router, by lane.', 'lane', () => byLane(router.laneDepths))
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
  metrics.gauge('sluice_memory_budget_bytes', 'Memory that may wait in outboxes.', () => router.delivery.budget.max)
  metrics.gauge('sluice_memory_used_bytes', 'Memory that outboxes hold now.', () => router.delivery.budget.used)
  metrics.gauge('sluice_overloaded', '1 while publishers are refused.', () => (router.delivery.isOverloaded ? 1 : 0))
  metrics.gauge('sluice_runs_held', 'Runs out of their pool.', () => router.runs.held)
  metrics.gauge('sluice_pages_held', 'Backlog pages out of their pool.', () => router.delivery.pages.held)
  metrics.gauges('sluice_connections', 'Connections open now, by port.', 'listener', () =>
    listeners.map(({ name, ingress }): [string, number] => [name, ingress.connections]),
  )
  metrics.counter('sluice_connections_opened_total', 'Connections opened.', () => ingressMeters.opened)
  metrics.counters('sluice_connections_closed_total', 'Connections closed, by WebSocket close code.', 'code', () =>
    Array.from(ingressMeters.closed, ([code, count]): [string, number] => [codeName(code), count]),
  )
  metrics.counters(
    'sluice_upgrades_rejected_total',
    'Requests refused with an HTTP status, by reason.',
    'reason',
    () => ingressMeters.rejected,
  )
  metrics.counters(
    'sluice_hostile_connections_total',
    'Connections ended for what they did, or did not do, by reason.',
    'reason',
    () => ingressMeters.hostile,
  )
  metrics.counters('sluice_http_requests_total', 'Requests answered, by status.', 'status', () =>
    Array.from(httpMeters.answered, ([status, count]): [string, number] => [String(status), count]),
  )
  metrics.counter(
    'sluice_http_requests_aborted_total',
    'Requests that ended before they were answered in full.',
    () => httpMeters.aborted,
  )
  metrics.gauge('sluice_http_streams', 'Streams of events over HTTP open now.', () => httpMeters.streams)
  metrics.gauge(
    'sluice_http_streams_waiting',
    'Streams of events whose reader has gone and may come back.',
    () => httpMeters.streamsWaiting,
  )
  metrics.gauge(
    'sluice_http_streams_kept_bytes',
    'Text kept for readers that come back, once however many were sent it.',
    () => httpMeters.streamsKeptBytes,
  )
  metrics.counter('sluice_http_streams_resumed_total', 'Streams taken up by Last-Event-ID.', () => httpMeters.resumed)
  metrics.counter(
    'sluice_http_streams_not_resumed_total',
    'Streams whose Last-Event-ID was not known any more.',
    () => httpMeters.notResumed,
  )
  metrics.counter('sluice_messages_total', 'WebSocket messages received.', () => ingressMeters.messages)
  if (sources.tls !== null) addTls(metrics, sources.tls)
  metrics.gauge('process_resident_memory_bytes', 'Resident memory of the process.', () => process.memoryUsage.rss())
  metrics.counter('process_cpu_seconds_total', 'Processor time of the process.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  return registry
}

function addTls(metrics: MetricSet, tls: NonNullable<MetricsSources['tls']>): void {
  const { meters } = tls
  metrics.countersBy(
    'sluice_tls_handshakes_total',
    'Complete TLS handshakes, by engine, version, and whether a session was resumed; "unknown" where the library does not tell.',
    ['engine', 'version', 'kind'],
    () => Array.from(meters.handshakes, ([key, count]): [string[], number] => [key.split(' '), count]),
  )
  metrics.counters(
    'sluice_tls_handshakes_failed_total',
    'TLS handshakes that failed, by reason.',
    'reason',
    () => meters.failed,
  )
  metrics.gauge('sluice_tls_handshakes_under_way', 'TLS handshakes under way.', () => meters.underWay)
  metrics.gauge('sluice_tls_handshakes_waiting', 'Connections that wait for their TLS handshake.', () => meters.waiting)
  metrics.counter('sluice_tls_reloads_total', 'Certificates taken up since the start.', () => meters.reloads)
  metrics.counter(
    'sluice_tls_reloads_failed_total',
    'Certificates that could not be taken up.',
    () => meters.reloadsFailed,
  )
  metrics.gauge(
    'sluice_tls_certificate_expiry_seconds',
    'When the certificate ends, in seconds since 1970.',
    () => tls.current.notAfter.getTime() / 1000,
  )
}
