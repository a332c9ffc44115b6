import type { OptionTable } from './arguments.js'
import { type Command, EXIT_TABLE } from './command.js'
import type { Style } from './style.js'

/** Options that every command has. */
export const COMMON_OPTIONS: OptionTable = {
  help: { short: 'h', help: 'show this text' },
  version: { short: 'V', help: 'show the version' },
}

interface Listed {
  readonly name: string
  readonly summary: string
}

export function generalHelp(commands: readonly Listed[], style: Style): string {
  return [
    'Sluice: a low-latency event bus with priority lanes.',
    '',
    style.bold('Usage'),
    '  sluice COMMAND [OPTION]…      sluice COMMAND --help shows its options and examples',
    '',
    style.bold('Commands'),
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    style.bold('Options'),
    ...optionLines(COMMON_OPTIONS),
    '',
    style.bold('Examples'),
    '  sluice serve',
    "  sluice sub 'orders.>' --lane --time",
    `  sluice pub orders.eu.created '{"id":1}' --lane 0`,
    '',
    style.bold('Exit codes'),
    ...exitLines(),
    '',
    style.bold('Environment'),
    ...columns([
      ['SLUICE_URL', 'daemon that pub, sub, top and bench talk to, when --url is not given'],
      ['SLUICE_ADMIN_URL', 'admin port of the daemon, for those that ask it, when --admin is not given'],
      ['SLUICE_TOKEN', 'who you are, when neither --token-file, --token nor --user says so'],
      ['SLUICE_PASSWORD', 'password of --user'],
      ['SLUICE_…', 'serve: any option of the configuration, such as SLUICE_LISTEN_PORT; see config/sluice.toml'],
      ['NO_COLOR', 'no colours on a terminal'],
    ]),
    '',
  ].join('\n')
}

export function commandHelp(command: Command, style: Style): string {
  return [
    style.bold('Usage'),
    ...command.usage.map((line) => `  sluice ${line}`),
    '',
    ...command.about,
    '',
    style.bold('Options'),
    ...optionLines({ ...command.options, ...dottedOption(command), ...COMMON_OPTIONS }),
    '',
    style.bold('Examples'),
    ...command.examples.flatMap(({ line, says }) => [`  ${line}`, `      ${style.dim(says)}`]),
    '',
    style.bold('Exit codes'),
    ...exitLines(),
    '',
  ].join('\n')
}

function dottedOption({ dottedOptions }: Command): OptionTable {
  return dottedOptions === undefined ? {} : { 'section.key': { value: 'VALUE', help: dottedOptions } }
}

function exitLines(): string[] {
  return columns(EXIT_TABLE.map(([code, meaning]) => [String(code), meaning]))
}

function optionLines(table: OptionTable): string[] {
  return columns(
    Object.entries(table).map(([name, option]) => {
      const short = option.short === undefined ? '' : `-${option.short}, `
      return [`${short}--${name}${option.value === undefined ? '' : ` ${option.value}`}`, option.help]
    }),
  )
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`)
}
