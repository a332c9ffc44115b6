import { formatMs } from '../../config/units.js'
import type { StageName } from '../../core/latency.js'
import type { SlowSubscriber } from '../sample.js'
import type { SloStats } from '../stats.js'
import { BURN_RULES } from './burn.js'

const WORST: Readonly<Record<StageName, string>> = {
  queue: 'waiting for the router',
  fanout: 'writing to receivers',
  routing: 'routing',
  delivery: 'waiting for receivers that do not read',
}

/** What has become of an objective, in a sentence or two for who is woken by it. */
export function sayChange(
  slo: SloStats,
  previous: SloStats['state'],
  worst: StageName,
  slow: readonly SlowSubscriber[],
): string {
  const left = `${percent(slo.budgetLeft)} of the budget of ${slo.windowDays} days is left`
  if (slo.state === 'ok') return `${slo.name}: within its objective again; ${left}.`
  const rule =
    BURN_RULES.find(
      ({ severity, long, short, factor }) =>
        severity === slo.state && long !== '3d' && slo.burn[long] > factor && slo.burn[short] > factor,
    ) ?? BURN_RULES.find(({ severity }) => severity === slo.state)
  const window = rule?.short ?? '5m'
  const rate = slo.burn[window]
  const eased = slo.state === 'ticket' && previous === 'page' ? 'less than before, but still ' : ''
  const bad = percent(rate * (1 - slo.objective))
  const behind = slow.length === 0 ? '' : ` Furthest behind: ${slow.slice(0, 3).map(sayWho).join(', ')}.`
  return (
    `${slo.name}: ${eased}burning its error budget ${rounded(rate)} times faster than allowed: over ${window}, ${bad} of events on ${slo.topics} took ` +
    `${formatMs(slo.thresholdMs)} or more (${slo.stage})${slo.stage === 'delivery' ? ' or were dropped' : ''}, where ${percent(1 - slo.objective)} may; ${left}. ` +
    `Most of the time went into ${WORST[worst]}.${behind}`
  )
}

function sayWho({ session, name, address, pendingEvents, blockedMs }: SlowSubscriber): string {
  const who = name === '' ? `session ${session}` : name
  const blocked = blockedMs > 0 ? `, takes nothing for ${formatMs(Math.round(blockedMs / 100) * 100)}` : ''
  return `${who} (${address}, ${pendingEvents} events behind${blocked})`
}

/** Three significant digits: 0.999 → 99.9 %. */
function percent(share: number): string {
  return `${rounded(share * 100)} %`
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)))
}
