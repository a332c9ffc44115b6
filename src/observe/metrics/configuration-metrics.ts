import type { MetricList } from './definition.js'
import type { ConfigurationFigures } from './sources.js'

/** What the daemon runs on, and how that has changed. */
export function defineConfigurationMetrics(metrics: MetricList, configuration: ConfigurationFigures): void {
  metrics.gauges('sluice_config_info', 'The configuration that runs, by its digest; always 1.', 'digest', () => [
    [configuration.digest, 1],
  ])
  metrics.counters('sluice_config_reloads_total', 'Times that the configuration was read again.', 'result', () => [
    ['taken', configuration.succeeded],
    ['refused', configuration.failed],
  ])
  metrics.gauge(
    'sluice_config_last_reload_success_timestamp_seconds',
    'When the configuration that runs was read, since 1970.',
    () => configuration.lastSuccessS,
  )
}
