import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { packageRoot } from '../base/package.js'
import { type Loaded, loadConfig } from '../config/index.js'
import { type Context, type Given, UsageError } from './command.js'

/** For the commands that read the configuration. */
export const CONFIG_ABOUT: readonly string[] = [
  'Later ones win: defaults, FILE, environment (SLUICE_SECTION_KEY), options (--section.key VALUE). config/sluice.toml',
  'lists every option with its default, unit and reason; without FILE that one is read, if it is there.',
]

/** Stands for the options that only the configuration knows. */
export const CONFIG_OPTION_HELP = 'any option of the configuration, such as --listen.port 7500'

/** Where the configuration that a command line names comes from. @throws UsageError */
export function configOf(
  given: Given,
  context: Context,
): { file: string | undefined; loaded: Loaded; read: () => Loaded } {
  const file = configFile(given)
  const flags = Object.fromEntries(given.dotted)
  const read = () => loadConfig({ ...(file !== undefined && { file }), env: context.env, flags })
  return { file, loaded: read(), read }
}

function configFile(given: Given): string | undefined {
  const option = given.options.get('config') as string | undefined
  if (given.positionals.length > 0 && option !== undefined) {
    throw new UsageError('the configuration file is given twice: as FILE and as --config')
  }
  const named = given.positionals[0] ?? option
  if (named === 'none') return undefined
  if (named !== undefined) return named
  const own = join(packageRoot(), 'config', 'sluice.toml')
  if (!existsSync(own)) return undefined
  // As a person in this directory would name it, if that is shorter.
  const near = relative(process.cwd(), own)
  return near.startsWith('..') ? own : near
}
