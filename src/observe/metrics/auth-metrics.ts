import type { MetricList } from './definition.js'
import type { AuthFigures } from './sources.js'

/** Who came in, and who did not. */
export function defineAuthMetrics(metrics: MetricList, auth: AuthFigures): void {
  const { meters, keyMeters } = auth
  metrics.countersBy(
    'sluice_auth_attempts_total',
    'Times that somebody was asked who they are, by what they showed, and by what came of it.',
    ['kind', 'result'],
    () => Array.from(meters.attempts, ([key, count]): [string[], number] => [key.split(' '), count]),
  )
  metrics.counter(
    'sluice_auth_remembered_total',
    'Tokens whose signature was not verified again, since it was verified lately.',
    () => meters.remembered,
  )
  metrics.gauge('sluice_auth_sessions', 'Sessions of which it is known who they are.', () => meters.known)
  metrics.gauge('sluice_auth_sessions_locked', 'Sessions that have to say still who they are.', () => meters.locked)
  metrics.counter(
    'sluice_auth_refreshed_total',
    'Sessions that went on with other credentials.',
    () => meters.refreshed,
  )
  metrics.countersBy(
    'sluice_auth_ended_total',
    'Sessions ended for their credentials: expired, revoked or removed, or not shown in time.',
    ['reason'],
    () => [
      [['expired'], meters.expired],
      [['revoked'], meters.revoked],
      [['timeout'], meters.timedOut],
    ],
  )
  metrics.gauge('sluice_auth_revoked_tokens', 'Tokens that are revoked.', () => auth.revoked)
  metrics.countersBy('sluice_auth_key_reads_total', 'Times that the keys of the issuer were read.', ['result'], () => [
    [['ok'], keyMeters.read],
    [['failed'], keyMeters.failed],
  ])
  metrics.gauge(
    'sluice_auth_keys_read_seconds',
    'When the keys of the issuer were read last, in seconds since 1970; 0: never.',
    () => keyMeters.readAt / 1000,
  )
}
