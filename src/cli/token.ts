import { printLine } from './answers.js'
import { type Command, type Context, Exit, type Given } from './command.js'
import { span } from './top/spans.js'

export const token: Command = {
  name: 'token',
  usage: ['token'],
  about: [
    'Makes a random token of 256 bits, and the hash of it that stands in token_hashes of a [[user]]. The token is printed once and kept',
    'nowhere: give it to whom it is for. On a pipe the token goes to stdout, and its hash to stderr.',
  ],
  options: { json: { help: 'both, as JSON' } },
  positionalsMax: 0,
  examples: [
    { line: 'sluice token', says: 'a token and its hash' },
    { line: 'sluice token > token.txt', says: 'the token to a file, the hash to the terminal' },
  ],
  run,
}

async function run({ options }: Given, context: Context): Promise<number> {
  const { hashToken, makeToken } = await import('../security/tokens.js')
  const made = makeToken()
  const hash = hashToken(made)
  if (options.has('json')) printLine([span(JSON.stringify({ token: made, hash }))], context)
  else {
    printLine([span(made)], context)
    context.stderr.write(`token_hashes = ["${hash}"]\n`)
  }
  return Exit.OK
}
