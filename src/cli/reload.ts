import type { ReloadAnswer } from '../observe/control/answers.js'
import { ADMIN_OPTIONS, Admin } from './admin.js'
import { printJson, printLine } from './answers.js'
import { type Command, type Context, Exit, type Given } from './command.js'
import { span } from './top/spans.js'

export const reload: Command = {
  name: 'reload',
  usage: ['reload [OPTION]…'],
  about: [
    'Has the daemon read its configuration and its certificate again, as SIGHUP does, and says what has changed, and what needs',
    'a restart. A configuration that is wrong changes nothing: what is wrong is told, and the exit code is 2.',
  ],
  options: { ...ADMIN_OPTIONS, json: { help: 'what the admin port answers' } },
  positionalsMax: 0,
  examples: [{ line: 'sluice check /etc/sluice.toml && sluice reload', says: 'after a change of the file' }],
  run,
}

async function run(given: Given, context: Context): Promise<number> {
  const text = await (await new Admin(given, context).post('/reload')).text()
  if (given.options.has('json')) return printJson(text, context)
  const { changed, needsRestart, digest, before } = JSON.parse(text) as Extract<ReloadAnswer, { ok: true }>
  const says = [
    changed.length === 0 ? 'nothing has changed that takes effect without a restart' : `changed: ${changed.join(', ')}`,
    ...(needsRestart.length === 0 ? [] : [`needs a restart: ${needsRestart.join(', ')}`]),
    digest === before ? `configuration ${digest}` : `configuration ${digest}, before it ${before}`,
  ]
  for (const line of says) printLine([span(line)], context)
  return Exit.OK
}
