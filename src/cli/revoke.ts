import type { RevokeAnswer } from '../observe/control/revocations.js'
import { ADMIN_OPTIONS, Admin } from './admin.js'
import { printJson, printLine } from './answers.js'
import { type Command, type Context, Exit, type Given, UsageError } from './command.js'
import { plural } from './numbers.js'
import { span } from './top/spans.js'

export const revoke: Command = {
  name: 'revoke',
  usage: ['revoke ID [OPTION]…'],
  about: [
    'Has a daemon accept a token no more, and ends the connections that somebody has by it, within a second. ID is the claim "jti" of a',
    'JSON Web Token, or the hash of a token of a [[user]]. It is kept in auth.revoked_file; without one, until the daemon ends.',
  ],
  options: { ...ADMIN_OPTIONS, json: { help: 'what the admin port answers' } },
  positionalsMax: 1,
  examples: [{ line: 'sluice revoke 1f0c9a7e', says: 'a token that was lost' }],
  run,
}

async function run(given: Given, context: Context): Promise<number> {
  const [id] = given.positionals
  if (id === undefined) throw new UsageError('revoke needs the ID of a token')
  const text = await (await new Admin(given, context).post('/revocations', { id })).text()
  if (given.options.has('json')) return printJson(text, context)
  const { ended, kept } = JSON.parse(text) as RevokeAnswer
  const until = kept ? '' : ', until the daemon ends: it has no auth.revoked_file'
  printLine([span(`revoked: ${id}, ${plural(ended, 'connection')} ended${until}`)], context)
  return Exit.OK
}
