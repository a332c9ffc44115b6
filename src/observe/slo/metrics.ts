import { type Metric, MetricList } from '../metrics/definition.js'
import { BURN_WINDOWS } from '../stats.js'
import { type Objective, severity } from './objective.js'
import type { Target } from './target.js'
import type { Webhook } from './webhook.js'

/** Names that generated rules use. */
export const SLO_EVENTS_METRIC = 'sluice_slo_events_total'
export const SLO_GOOD_EVENTS_METRIC = 'sluice_slo_good_events_total'

export function sloMetrics(
  objectives: readonly Objective[],
  target: Target,
  webhook: () => Webhook | null,
): readonly Metric[] {
  const metrics = new MetricList()
  const each = function* (value: (objective: Objective) => number): Iterable<readonly [string, number]> {
    for (const objective of objectives) yield [objective.settings.name, value(objective)]
  }
  const slo = 'slo'
  metrics.counters(SLO_EVENTS_METRIC, 'Events that an objective was asked about, once per receiver.', slo, () =>
    each(({ total }) => total),
  )
  metrics.counters(SLO_GOOD_EVENTS_METRIC, 'Those of them that took less than its threshold.', slo, () =>
    each(({ good }) => good),
  )
  metrics.gauges('sluice_slo_objective_ratio', 'Share of events that is to be good.', slo, () =>
    each(({ settings }) => settings.objective),
  )
  metrics.gauges('sluice_slo_threshold_seconds', 'An event that takes less is good.', slo, () =>
    each(({ settings }) => settings.thresholdMs / 1000),
  )
  metrics.gauges(
    'sluice_slo_error_budget_left_ratio',
    'Share of the error budget that is left; below 0 when it is overspent.',
    slo,
    () => each(({ stats }) => stats.budgetLeft),
  )
  metrics.metrics.push({
    name: 'sluice_slo_burn_rate',
    help: 'How many times faster than allowed the error budget is spent, by window.',
    type: 'gauge',
    labels: ['slo', 'window'],
    read: () =>
      objectives.flatMap(({ stats }) =>
        BURN_WINDOWS.map((window) => [[stats.name, window], stats.burn[window]] as const),
      ),
  })
  metrics.gauges(
    'sluice_slo_severity',
    '0: the budget holds, 1: a ticket is due, 2: somebody is to be woken.',
    slo,
    () => each(({ stats }) => severity(stats.state)),
  )
  metrics.gauge(
    'sluice_target_ratio',
    'Best rate of routed events over ten seconds of the last hour, over 1.8 million a second.',
    () => target.ratio,
  )
  metrics.counters(
    'sluice_webhook_notices_total',
    'Changes of objectives for the webhook, by outcome; none without a webhook.',
    'outcome',
    () => {
      const told = webhook()
      if (told === null) return []
      return [
        ['delivered', told.delivered],
        ['failed', told.failed],
      ]
    },
  )
  return metrics.metrics
}
