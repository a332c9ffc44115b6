import { defineAuthMetrics } from './auth-metrics.js'
import { defineConfigurationMetrics } from './configuration-metrics.js'
import { defineCoreMetrics } from './core-metrics.js'
import { MetricList } from './definition.js'
import type { Sources } from './sources.js'
import { defineConnectionMetrics, defineHttpMetrics, defineTlsMetrics } from './transport-metrics.js'

/** All metrics whose values are read on the routing thread. */
export function defineMetrics({
  router,
  listeners,
  ingressMeters,
  httpMeters,
  tls,
  security,
  software,
  configuration,
  census,
}: Sources): MetricList {
  const metrics = new MetricList()
  metrics.gauges('sluice_info', 'The running software; always 1.', 'version', () => [[software, 1]])
  defineConfigurationMetrics(metrics, configuration)
  defineCoreMetrics(metrics, router)
  defineConnectionMetrics(metrics, listeners, ingressMeters, census)
  defineHttpMetrics(metrics, httpMeters)
  defineAuthMetrics(metrics, security)
  if (tls !== null) defineTlsMetrics(metrics, tls)
  return metrics
}
