import type { ConnectionRow } from '../observe/introspect/rows.js'
import { ADMIN_OPTIONS, Admin } from './admin.js'
import { printJson, printLine } from './answers.js'
import { type Command, type Context, Exit, type Given, UsageError } from './command.js'
import { peersText } from './connection-columns.js'
import { span } from './top/spans.js'

export const kick: Command = {
  name: 'kick',
  usage: ['kick SESSION [REASON] [OPTION]…'],
  about: [
    'Ends a connection, whose number sluice connections tells. The client is told the REASON with code 4007 (kicked), and may',
    'connect again: what it did wrong is not kept out by this.',
  ],
  options: { ...ADMIN_OPTIONS, json: { help: 'what the admin port answers' } },
  positionalsMax: 2,
  examples: [{ line: "sluice kick 42 'frozen since noon'", says: 'end one connection, and say why' }],
  run,
}

async function run(given: Given, context: Context): Promise<number> {
  const [session, reason = ''] = given.positionals
  if (session === undefined) throw new UsageError('kick needs a SESSION; sluice connections lists them')
  if (!/^\d+$/.test(session))
    throw new UsageError(`kick ${session}: not the number of a session, as sluice connections lists them`)
  const text = await (await new Admin(given, context).post(`/connections/${session}/kick`, { reason })).text()
  if (given.options.has('json')) return printJson(text, context)
  const { kicked } = JSON.parse(text) as { kicked: ConnectionRow }
  const who = [kicked.name, kicked.address].filter((part) => part !== '').join(', ')
  printLine(
    [span(`ended: session ${kicked.session}`), peersText(who === '' ? '' : ` (${who})`, Number.POSITIVE_INFINITY)],
    context,
  )
  return Exit.OK
}
