import {
  type Config,
  camel,
  DEFAULTS,
  ENTRIES,
  type Entry,
  formatProblem,
  propertyName,
  TABLE_ENTRIES,
} from '../config/index.js'
import { formatBytes, formatMs } from '../config/units.js'
import { type Command, type Context, Exit, type Given } from './command.js'
import { CONFIG_ABOUT, CONFIG_OPTION_HELP, configOf } from './config-file.js'
import { plural } from './numbers.js'
import { styleFor } from './style.js'

export const check: Command = {
  name: 'check',
  usage: ['check [FILE] [--section.key VALUE]…'],
  about: [
    'Tells everything that is wrong with the configuration: file, line, column, key, and what was probably meant. Takes the',
    'same arguments as serve, reads the files that it names as serve would (certificate and key, secrets, keys of an issuer,',
    'revoked tokens), and starts nothing.',
    '',
    ...CONFIG_ABOUT,
  ],
  options: {
    config: { value: 'FILE', help: 'configuration file, the same as FILE; none: read no file' },
    print: { help: 'print the effective configuration as TOML' },
  },
  dottedOptions: CONFIG_OPTION_HELP,
  positionalsMax: 1,
  examples: [
    { line: 'sluice check config/sluice.toml', says: 'before a restart' },
    { line: 'sluice check --listen.port 7500 --print', says: 'what the daemon would run on' },
  ],
  run: checkConfig,
}

async function checkConfig(given: Given, context: Context): Promise<number> {
  const { file, loaded } = configOf(given, context)
  if (!loaded.ok) {
    for (const problem of loaded.problems) context.stderr.write(`${formatProblem(problem)}\n`)
    const { red } = styleFor(context.stderr, context.env)
    context.stderr.write(`${red('not ok:')} ${plural(loaded.problems.length, 'problem')}\n`)
    return Exit.USAGE
  }
  const entries = [...ENTRIES.values()]
  if (given.options.has('print')) {
    context.stdout.write(renderEffective(loaded.config, entries))
    return Exit.OK
  }
  if (!(await areFilesGood(loaded.config, context))) return Exit.USAGE
  const { green } = styleFor(context.stdout, context.env)
  const set = entries.filter((entry) => !isDefault(loaded.config, entry)).length
  const tables = [...TABLE_ENTRIES.keys()]
    .map((name) => [tablesOf(loaded.config, name).length, name] as const)
    .filter(([count]) => count > 0)
    .map(([count, name]) => `, ${count} [[${name}]]`)
    .join('')
  const others = loaded.sources.filter((source) => source !== file)
  const from = [file ?? 'no file', ...others].join(', ')
  context.stdout.write(
    `${green('ok:')} ${plural(entries.length, 'option')}, ${set} not at their default${tables} (${from}), configuration ${loaded.digest}\n`,
  )
  return Exit.OK
}

async function areFilesGood(config: Config, { stderr, env }: Context): Promise<boolean> {
  const { inspectCertificate } = await import('../daemon/certificate.js')
  const { inspectSecurity } = await import('../security/security.js')
  const { red, yellow } = styleFor(stderr, env)
  const looks = [async () => inspectCertificate(config), async () => inspectSecurity(config)]
  let problems = 0
  for (const look of looks) {
    try {
      for (const warning of await look()) stderr.write(`${yellow('warning:')} ${warning}\n`)
    } catch (error) {
      problems++
      stderr.write(`${(error as Error).message}\n`)
    }
  }
  if (problems > 0) stderr.write(`${red('not ok:')} ${plural(problems, 'problem')}\n`)
  return problems === 0
}

/** TOML that says every option; what differs from the default has the default beside it. */
function renderEffective(config: Config, entries: readonly Entry[]): string {
  let text = ''
  let section = ''
  for (const entry of entries) {
    if (entry.section !== section) {
      text += `${section === '' ? '' : '\n'}[${entry.section}]\n`
      section = entry.section
    }
    const note = isDefault(config, entry) ? '' : `  # default: ${literal(entry, settingOf(DEFAULTS, entry))}`
    text += `${entry.key} = ${literal(entry, settingOf(config, entry))}${note}\n`
  }
  return text + renderTables(config)
}

function renderTables(config: Config): string {
  let text = ''
  for (const [name, { options }] of TABLE_ENTRIES) {
    for (const values of tablesOf(config, name)) {
      text += `\n[[${name}]]\n`
      for (const [key, option] of Object.entries(options)) {
        text += `${key} = ${literal({ option }, values[propertyName(key, option.kind)])}\n`
      }
    }
  }
  return text
}

function tablesOf(config: Config, name: string): readonly { readonly [property: string]: unknown }[] {
  return (config as unknown as { [name: string]: readonly { readonly [property: string]: unknown }[] })[camel(name)]
}

function isDefault(config: Config, entry: Entry): boolean {
  return JSON.stringify(settingOf(config, entry)) === JSON.stringify(settingOf(DEFAULTS, entry))
}

function settingOf(config: Config, { section, property }: Entry): unknown {
  return (config as unknown as { [section: string]: { [property: string]: unknown } })[section][property]
}

function literal({ option }: Pick<Entry, 'option'>, value: unknown): string {
  if (option.kind === 'size') return JSON.stringify(formatBytes(value as number))
  if (option.kind === 'duration') return value === 0 ? '0' : JSON.stringify(formatMs(value as number))
  return Array.isArray(value) ? `[${value.map((item) => JSON.stringify(item)).join(', ')}]` : JSON.stringify(value)
}
