import type { Board } from '../board.js'
import { BottleneckPart } from '../bottleneck/part.js'
import { ControlPart } from '../control/part.js'
import { RevocationsPart } from '../control/revocations.js'
import { DashboardPart } from '../dashboard/part.js'
import { HealthPart } from '../health/part.js'
import { IntrospectPart } from '../introspect/part.js'
import { LatencyPart } from '../latency/part.js'
import type { MetricMetadata } from '../metrics/definition.js'
import { MetricsPart } from '../metrics/part.js'
import { SloPart } from '../slo/part.js'
import { StatsPart } from '../stats/part.js'
import { StatusPart } from '../status/part.js'
import { FrontPagePart } from './front-page.js'
import type { Part, ThreadContext } from './part.js'

/** All parts of the observer thread, in the order in which they tick: who reads another's figures comes after it. */
export function makeParts(
  context: ThreadContext,
  board: Board,
  metrics: readonly MetricMetadata[],
  visitors: Part,
): readonly Part[] {
  const health = new HealthPart(context, board)
  const latency = new LatencyPart(context)
  const slo = new SloPart(context)
  const bottleneck = new BottleneckPart(context, latency.history, board)
  const stats = new StatsPart(context, { timed: latency.history, bottleneck, objectives: slo })
  const status = new StatusPart(context, latency.history)
  const measuring: readonly Part[] = [latency, slo, bottleneck, stats, health, status]
  const introspect = new IntrospectPart(context)
  const control = [new ControlPart(context), new RevocationsPart(context)]
  const metricsPart = new MetricsPart(context, metrics, () => parts.flatMap((part) => part.metrics ?? []))
  const frontPage = new FrontPagePart(context, () => parts.flatMap((part) => part.routes))
  const dashboard = new DashboardPart(context)
  const parts: readonly Part[] = [...measuring, visitors, introspect, ...control, metricsPart, frontPage, dashboard]
  return parts
}
