import { printLine } from './answers.js'
import { type Command, type Context, Exit, type Given } from './command.js'
import { readSecret } from './secret-input.js'
import { span } from './top/spans.js'

export const hash: Command = {
  name: 'hash',
  usage: ['hash', 'hash --token'],
  about: [
    'Makes of a password what stands in password_hash of a [[user]]: scrypt, with a salt of its own. The password is read from',
    'standard input, or asked for on a terminal, where it is not shown; it is never an argument, which others on the machine see.',
  ],
  options: {
    token: { help: 'of a token that was made elsewhere, for token_hashes: SHA-256, for secrets that nobody guesses' },
  },
  positionalsMax: 0,
  examples: [
    { line: 'sluice hash', says: 'asks for it, twice' },
    { line: 'sluice hash --token < token.txt', says: 'of a token that is there already' },
  ],
  run,
}

async function run({ options }: Given, context: Context): Promise<number> {
  if (options.has('token')) {
    const { hashToken } = await import('../security/tokens.js')
    printLine([span(hashToken(await readSecret('Token', context)))], context)
    return Exit.OK
  }
  const { hashPassword } = await import('../security/passwords.js')
  printLine([span(await hashPassword(await readSecret('Password', context)))], context)
  return Exit.OK
}
