import { formatProblem } from '../config/index.js'
import { formatMs } from '../config/units.js'
import { prometheusRules } from '../observe/slo/rules.js'
import { sloSettings } from '../observe/slo/settings.js'
import { BURN_WINDOWS, type SloStats, type Stats } from '../observe/stats.js'
import { ADMIN_OPTIONS, Admin } from './admin.js'
import { type Command, type Context, Exit, type Given, UsageError } from './command.js'
import { CONFIG_ABOUT, CONFIG_OPTION_HELP, configOf } from './config-file.js'
import { grouped } from './numbers.js'
import { styleFor } from './style.js'

interface SlosAnswer {
  readonly slos: readonly SloStats[]
  readonly target: Stats['target']
}

export const slo: Command = {
  name: 'slo',
  usage: ['slo status [--admin URL] [--json]', 'slo rules [FILE] [--section.key VALUE]…'],
  about: [
    'Objectives ([[slo]] in the configuration): how a daemon stands with them, or rules by which Prometheus judges them.',
    '',
    'status  the share of events that were in time, what is left of the error budget, and how many times faster than allowed',
    '        it is being spent over each window',
    'rules   what Prometheus is to record, and alerts: "page" when 2 % of a budget of 30 days go in an hour or 5 % in six,',
    '        "ticket" when more goes in three days than may',
    '',
    ...CONFIG_ABOUT,
  ],
  options: {
    ...ADMIN_OPTIONS,
    json: { help: 'status: as JSON' },
    config: { value: 'FILE', help: 'rules: configuration file, the same as FILE; none: read no file' },
  },
  dottedOptions: CONFIG_OPTION_HELP,
  positionalsMax: 2,
  examples: [
    { line: 'sluice slo status', says: 'how the daemon on this machine stands' },
    { line: 'sluice slo rules sluice.toml > slo.rules.yml', says: 'for rule_files of prometheus.yml' },
  ],
  run,
}

async function run(given: Given, context: Context): Promise<number> {
  const [action, ...rest] = given.positionals
  switch (action) {
    case 'status':
      if (rest.length > 0) throw new UsageError(`slo status takes no argument: ${rest[0]}`)
      if (given.dotted.size > 0) throw new UsageError('slo status asks a daemon; it reads no configuration')
      return status(given, context)
    case 'rules':
      if (given.options.has('json')) throw new UsageError('slo rules writes YAML; --json goes with status')
      return rules({ ...given, positionals: rest }, context)
    default:
      throw new UsageError(
        action === undefined ? 'slo needs an action: status or rules' : `slo ${action}: status or rules?`,
      )
  }
}

function rules(given: Given, context: Context): number {
  const { file, loaded } = configOf(given, context)
  if (!loaded.ok) {
    for (const problem of loaded.problems) context.stderr.write(`${formatProblem(problem)}\n`)
    return Exit.USAGE
  }
  const { slos } = sloSettings(loaded.config)
  const source = file ?? 'no file'
  if (slos.length === 0) context.stderr.write(`sluice: there is no [[slo]] in ${source}, so there are no rules\n`)
  context.stdout.write(prometheusRules(slos, source))
  return Exit.OK
}

async function status(given: Given, context: Context): Promise<number> {
  const answer = await new Admin(given, context).get('/slos')
  if (given.options.has('json')) context.stdout.write(await answer.text())
  else context.stdout.write(tableOf((await answer.json()) as SlosAnswer, context))
  return Exit.OK
}

function tableOf({ slos, target }: SlosAnswer, { stdout, env }: Context): string {
  const { bold, dim, red, yellow, green } = styleFor(stdout, env)
  const reached = `best of the last hour, over ten seconds: ${grouped(target.best)} events/s, ${percent(target.ratio)} of ${grouped(target.eventsPerSecond)}`
  if (slos.length === 0) return `${dim('no objectives: a [[slo]] in the configuration makes one')}\n${dim(reached)}\n`
  const rows = [
    ['', 'state', 'in time', 'objective', 'events', 'budget left', ...BURN_WINDOWS.map((window) => `burn ${window}`)],
    ...slos.map((slo) => [
      slo.name,
      slo.state,
      slo.total === 0 ? '–' : percent(slo.good / slo.total),
      `${percent(slo.objective)} < ${formatMs(slo.thresholdMs)} ${slo.stage}, ${slo.windowDays}d`,
      grouped(slo.total),
      percent(slo.budgetLeft),
      ...BURN_WINDOWS.map((window) => slo.burn[window].toFixed(1)),
    ]),
  ]
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const isText = (column: number) => column === 0 || column === 1 || column === 3
  const [head, ...lines] = rows.map((row) =>
    row
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  '),
  )
  const paint = { ok: green, ticket: yellow, page: (text: string) => bold(red(text)) }
  return `${[dim(head), ...lines.map((line, index) => paint[slos[index].state](line)), dim(reached)].join('\n')}\n`
}

/** Four significant digits, so that 99.95 % is not 100. */
function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`
}
