import { Counter, Gauge, Registry } from 'prom-client'
import type { Router } from '../core/router.js'
import { codeName } from '../protocol/codes.js'
import { DROP_REASONS } from '../protocol/ops.js'

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
  readonly resumed: number
  readonly notResumed: number
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
  software: string
}

/**
 * The registry behind /metrics. Everything is read off the meters when it is scraped: on the way of an event nothing is told to prom-client.
 */
export function makeRegistry(sources: MetricsSources): Registry {
  const registry = new Registry()
  const { router, listeners, ingressMeters, httpMeters } = sources
  const { meters } = router

  /** A counter whose value is kept elsewhere. */
  const counter = (name: string, help: string, value: () => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(value())
      },
    })
  }
  /** The same with one label. */
  const counters = (name: string, help: string, label: string, values: () => Iterable<[string, number]>): void => {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset()
        for (const [key, value] of values()) this.inc({ [label]: key }, value)
      },
    })
  }
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value())
      },
    })
  }
  const gauges = (name: string, help: string, label: string, values: () => Iterable<[string, number]>): void => {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        for (const [key, value] of values()) this.set({ [label]: key }, value)
      },
    })
  }
  const byLane = (values: ArrayLike<number>): [string, number][] =>
    Array.from(values, (value, lane): [string, number] => [String(lane), value])

  gauges('sluice_info', 'The running software; always 1.', 'version', () => [[sources.software, 1]])
  counter('sluice_events_accepted_total', 'Events taken from publishers.', () => meters.accepted)
  counter('sluice_accepted_bytes_total', 'Bytes of frames of accepted events.', () => meters.acceptedBytes)
  counters('sluice_refused_total', 'Events and frames refused, by code of the protocol.', 'code', () =>
    Array.from(meters.refused, ([code, count]): [string, number] => [codeName(code), count]),
  )
  counters('sluice_events_routed_total', 'Events matched to their receivers, by lane.', 'lane', () =>
    byLane(meters.routedByLane),
  )
  counter('sluice_events_unmatched_total', 'Routed events that nobody was subscribed to.', () => meters.unmatched)
  counter(
    'sluice_events_expired_unrouted_total',
    'Events whose time to live ended before they were routed.',
    () => meters.expiredUnrouted,
  )
  counter('sluice_deliveries_due_total', 'Routed events times their receivers.', () => meters.matched)
  counter('sluice_deliveries_total', 'Events handed to a transport, once per receiver.', () => meters.delivered)
  counters('sluice_deliveries_dropped_total', 'Events that a receiver does not get, by reason.', 'reason', () =>
    DROP_REASONS.map((reason, index): [string, number] => [reason, meters.dropped[index]]),
  )
  gauge('sluice_deliveries_pending', 'Events waiting in outboxes.', () => meters.pendingInOutboxes)
  gauge('sluice_events_pending', 'Accepted events not yet routed.', () => router.pendingInLanes)
  gauges('sluice_lane_runs', 'Runs waiting in the router, by lane.', 'lane', () => byLane(router.laneDepths))
  counter('sluice_runs_total', 'Runs routed; events over runs is how well events merge.', () => meters.runs)
  counter('sluice_writes_total', 'Writes to links.', () => meters.writes)
  counter('sluice_written_bytes_total', 'Bytes of frames written to links.', () => meters.writtenBytes)
  counter('sluice_gaps_total', 'Gap frames sent.', () => meters.gaps)
  counter('sluice_slow_consumers_total', 'Sessions ended because they did not read.', () => meters.slowConsumers)
  counter('sluice_topics_evicted_total', 'Topics given up by the table of topics.', () => router.topics.evicted)
  gauge('sluice_topics', 'Topics known now.', () => router.topics.size)
  gauge('sluice_patterns', 'Patterns known now.', () => router.patterns.size)
  gauge('sluice_sessions', 'Sessions open now.', () => router.sessions.size)
  gauge('sluice_memory_budget_bytes', 'Memory that may wait in outboxes.', () => router.delivery.budget.max)
  gauge('sluice_memory_used_bytes', 'Memory that outboxes hold now.', () => router.delivery.budget.used)
  gauge('sluice_overloaded', '1 while publishers are refused.', () => (router.delivery.isOverloaded ? 1 : 0))
  gauge('sluice_runs_held', 'Runs out of their pool.', () => router.runs.held)
  gauge('sluice_pages_held', 'Backlog pages out of their pool.', () => router.delivery.pages.held)
  gauges('sluice_connections', 'Connections open now, by port.', 'listener', () =>
    listeners.map(({ name, ingress }): [string, number] => [name, ingress.connections]),
  )
  counter('sluice_connections_opened_total', 'Connections opened.', () => ingressMeters.opened)
  counters('sluice_connections_closed_total', 'Connections closed, by WebSocket close code.', 'code', () =>
    Array.from(ingressMeters.closed, ([code, count]): [string, number] => [codeName(code), count]),
  )
  counters(
    'sluice_upgrades_rejected_total',
    'Requests refused with an HTTP status, by reason.',
    'reason',
    () => ingressMeters.rejected,
  )
  counters(
    'sluice_hostile_connections_total',
    'Connections ended for what they did, or did not do, by reason.',
    'reason',
    () => ingressMeters.hostile,
  )
  counters('sluice_http_requests_total', 'Requests answered, by status.', 'status', () =>
    Array.from(httpMeters.answered, ([status, count]): [string, number] => [String(status), count]),
  )
  counter(
    'sluice_http_requests_aborted_total',
    'Requests that ended before they were answered in full.',
    () => httpMeters.aborted,
  )
  gauge('sluice_http_streams', 'Streams of events over HTTP open now.', () => httpMeters.streams)
  counter('sluice_http_streams_resumed_total', 'Streams taken up by Last-Event-ID.', () => httpMeters.resumed)
  counter(
    'sluice_http_streams_not_resumed_total',
    'Streams whose Last-Event-ID was not known any more.',
    () => httpMeters.notResumed,
  )
  counter('sluice_messages_total', 'WebSocket messages received.', () => ingressMeters.messages)
  gauge('process_resident_memory_bytes', 'Resident memory of the process.', () => process.memoryUsage.rss())
  counter('process_cpu_seconds_total', 'Processor time of the process.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  return registry
}
