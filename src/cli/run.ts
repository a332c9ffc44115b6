import { version } from '../base/package.js'
import { parseArguments } from './arguments.js'
import { type Context, Exit, UsageError } from './command.js'
import { COMMANDS } from './commands.js'
import { COMMON_OPTIONS, commandHelp, generalHelp } from './help.js'
import { didYouMean } from './nearest.js'
import { styleFor } from './style.js'

/**
 * Runs the command that the words name and answers its exit code.
 * @throws UsageError, Failure
 */
export async function runCommandLine(words: readonly string[], context: Context): Promise<number> {
  const style = styleFor(context.stdout, context.env)
  const [name, ...rest] = words
  if (name === undefined) {
    context.stderr.write(generalHelp(COMMANDS, styleFor(context.stderr, context.env)))
    return Exit.USAGE
  }
  if (name === 'help') return runCommandLine(rest[0] === undefined ? ['--help'] : [rest[0], '--help'], context)
  if (name.startsWith('-')) {
    const { options } = parseArguments(words, COMMON_OPTIONS)
    context.stdout.write(options.has('version') ? `${version()}\n` : generalHelp(COMMANDS, style))
    return Exit.OK
  }
  const entry = COMMANDS.find((each) => each.name === name)
  if (entry === undefined) {
    const hint = didYouMean(
      name,
      COMMANDS.map((each) => each.name),
    )
    throw new UsageError(`unknown command ${name}${hint || '; sluice --help lists them'}`)
  }
  const command = await entry.load()
  const table = { ...command.options, ...COMMON_OPTIONS }
  if (wantsHelp(rest)) {
    context.stdout.write(commandHelp(command, style))
    return Exit.OK
  }
  const { positionals, options, dotted } = parseArguments(rest, table, command.dottedOptions !== undefined)
  if (options.has('version')) {
    context.stdout.write(`${version()}\n`)
    return Exit.OK
  }
  if (positionals.length > command.positionalsMax) {
    const extra = positionals[command.positionalsMax]
    throw new UsageError(`${name}: one argument too many: ${extra}; quote a value that has spaces`)
  }
  return command.run({ positionals, options, dotted }, context)
}

/** Help is given even when the rest of the line is wrong: that is when it is asked for. */
function wantsHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  return (end < 0 ? words : words.slice(0, end)).some((word) => word === '--help' || word === '-h')
}
