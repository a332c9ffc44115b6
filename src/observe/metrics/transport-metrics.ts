import { codeName } from '../../protocol/codes.js'
import type { MetricList } from './definition.js'
import type { Census, ConnectionFigures, HttpFigures, ListenerFigures, TlsFigures } from './sources.js'

/** What the ports count. */
export function defineConnectionMetrics(
  metrics: MetricList,
  listeners: readonly ListenerFigures[],
  ingressMeters: ConnectionFigures,
  census: Census,
): void {
  metrics.gauges('sluice_connections', 'Connections open now, by port.', 'listener', () =>
    listeners.map(({ name, ingress }): [string, number] => [name, ingress.connections]),
  )
  metrics.gauges(
    'sluice_sessions_by_transport',
    'Sessions open now, by how they speak; as of a second ago or so.',
    'transport',
    () => census.byTransport,
  )
  metrics.counter('sluice_connections_opened_total', 'Connections opened.', () => ingressMeters.opened)
  metrics.counters('sluice_connections_closed_total', 'Connections closed, by WebSocket close code.', 'code', () =>
    Array.from(ingressMeters.closed, ([code, count]): [string, number] => [codeName(code), count]),
  )
  metrics.counters(
    'sluice_connections_rejected_total',
    'Connections that were not let in, by name of the code; most are closed without being told.',
    'reason',
    () => ingressMeters.refused,
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
  metrics.counter('sluice_messages_total', 'WebSocket messages received.', () => ingressMeters.messages)
}

/** What the HTTP API counts. */
export function defineHttpMetrics(metrics: MetricList, httpMeters: HttpFigures): void {
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
}

/** What happens in handshakes, and to the certificate. */
export function defineTlsMetrics(
  metrics: MetricList,
  tls: { readonly meters: TlsFigures; readonly current: { readonly notAfter: Date } },
): void {
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
