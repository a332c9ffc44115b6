import { formatMs } from '../../config/units.js'
import type { SloSettings } from '../settings.js'
import { ALERT_WINDOWS, type AlertWindow, BAD_EVENTS_MIN, BURN_RULES, type BurnRule } from './burn.js'
import { SLO_EVENTS_METRIC, SLO_GOOD_EVENTS_METRIC } from './metrics.js'

type SloQuestion = Omit<SloSettings, 'topicClass'>

/** Daemons of one job share their objectives: Prometheus judges them together, each daemon judges itself. */
const LEVEL = 'job_slo'
const RUNBOOK = 'docs/operations.md'

/**
 * Rules for Prometheus, as YAML: for each objective what is recorded over every window, and the alerts that the daemon itself would give
 * (burn.ts), but for all daemons of a job and as long as Prometheus remembers.
 * @param source where the objectives stand, for who reads the file
 */
export function prometheusRules(slos: readonly SloQuestion[], source: string): string {
  const head = [
    `# Objectives of Sluice, from ${source}. Made by "sluice slo rules": change the objectives there, and make this file again.`,
    '# Alerts by burn rate over several windows, as in chapter 5 of the Site Reliability Workbook; docs/operations.md says what to do.',
  ]
  const groups = slos.length === 0 ? ['groups: []'] : ['groups:', ...records(), ...slos.flatMap(alerts)]
  return `${[...head, ...groups].join('\n')}\n`
}

function records(): string[] {
  return [
    '  - name: sluice-slo',
    '    rules:',
    ...ALERT_WINDOWS.flatMap((window) =>
      record(`ratio_rate${window}`, [
        `1 - sum by (job, slo) (rate(${SLO_GOOD_EVENTS_METRIC}[${window}]))`,
        `  / sum by (job, slo) (rate(${SLO_EVENTS_METRIC}[${window}]))`,
      ]),
    ),
    ...BURN_RULES.flatMap(({ long }) =>
      record(`increase${long}`, [
        `sum by (job, slo) (increase(${SLO_EVENTS_METRIC}[${long}]))`,
        `  - sum by (job, slo) (increase(${SLO_GOOD_EVENTS_METRIC}[${long}]))`,
      ]),
    ),
  ]
}

function alerts({ name, topics, stage, thresholdMs, objective, windowDays }: SloQuestion): string[] {
  const selector = `slo="${name}"`
  const promise = `${percent(objective)} of events on ${topics} through ${stage} in less than ${formatMs(thresholdMs)}, over ${windowDays} days`
  const burning = (severity: BurnRule['severity']) =>
    BURN_RULES.filter((rule) => rule.severity === severity)
      .map((rule) => condition(rule, selector, objective))
      .join('\nor\n')
  const measured = `{{ $value | humanizePercentage }} of events on ${verbatim(topics)} were not through ${stage} in less than ${formatMs(thresholdMs)}, where ${percent(1 - objective)} may be late`
  return [
    `  # ${promise}`,
    `  - name: sluice-slo-${name}`,
    '    rules:',
    ...alert('SluiceSloBurnsFast', 'page', name, burning('page'), {
      summary: `The error budget of ${name} is being spent fast`,
      description: `${measured}, over the last hours and still now.`,
    }),
    ...alert('SluiceSloBurnsSlowly', 'ticket', name, burning('ticket'), {
      summary: `The error budget of ${name} is being spent faster than allowed`,
      description: `${measured}, over the last three days and still now.`,
    }),
    ...alert(
      'SluiceSloUnmeasured',
      'ticket',
      name,
      `absent(${SLO_EVENTS_METRIC}{${selector}})`,
      {
        summary: `No daemon tells of ${name}`,
        description: `The objective is not measured (${verbatim(promise)}): no daemon that has it is scraped.`,
      },
      '10m',
    ),
  ]
}

function condition({ long, short, factor }: BurnRule, selector: string, objective: number): string {
  const errors = (window: AlertWindow) => `${LEVEL}:sluice_slo_errors:ratio_rate${window}{${selector}}`
  const limit = `${factor} * ${tidy(1 - objective)}`
  return [
    '(',
    `  ${errors(long)} > ${limit}`,
    `  and ${errors(short)} > ${limit}`,
    `  and ${LEVEL}:sluice_slo_errors:increase${long}{${selector}} >= ${BAD_EVENTS_MIN}`,
    ')',
  ].join('\n')
}

function record(operation: string, expr: readonly string[]): string[] {
  return [`      - record: ${LEVEL}:sluice_slo_errors:${operation}`, ...block('expr', expr.join('\n'))]
}

function alert(
  name: string,
  severity: BurnRule['severity'],
  slo: string,
  expr: string,
  { summary, description }: { summary: string; description: string },
  forText?: string,
): string[] {
  return [
    `      - alert: ${name}`,
    ...block('expr', expr),
    ...(forText === undefined ? [] : [`        for: ${forText}`]),
    '        labels:',
    `          severity: ${severity}`,
    `          slo: ${JSON.stringify(slo)}`,
    '        annotations:',
    `          summary: ${JSON.stringify(summary)}`,
    `          description: ${JSON.stringify(description)}`,
    `          runbook: ${RUNBOOK}#${name.toLowerCase()}`,
  ]
}

function block(key: string, text: string): string[] {
  return [`        ${key}: |-`, ...text.split('\n').map((line) => `          ${line}`)]
}

/** Text in an annotation, which is a template. */
function verbatim(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}')
}

function percent(share: number): string {
  return `${tidy(share * 100)} %`
}

/** Without what binary fractions leave behind: 1 - 0.999 is 0.001. */
function tidy(value: number): number {
  return Number(value.toPrecision(12))
}
