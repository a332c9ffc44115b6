import { readFileSync } from 'node:fs'
import type { OptionTable } from './arguments.js'
import { Failure, type Given, UsageError } from './command.js'

/** For every command that asks a daemon, on whichever port. */
export const CREDENTIAL_OPTIONS: OptionTable = {
  'token-file': { value: 'FILE', help: 'say who you are by the token in this file (default: $SLUICE_TOKEN)' },
  token: { value: 'TOKEN', help: 'the same, here: others on this machine can see it' },
  user: { value: 'NAME', help: 'say who you are by name; the password is $SLUICE_PASSWORD' },
}

/** What is shown to a daemon. */
export type Shown = { readonly token: string } | { readonly user: string; readonly password: string }

const EXCLUSIVE = Object.keys(CREDENTIAL_OPTIONS)
/** As headers and the daemon take it. */
const TOKEN_LIKE = /^[!-~]{1,8192}$/

/**
 * What the options or the environment say of who is asking. A file is read at each call: whoever writes it may put a newer token there.
 * @returns null for nobody in particular
 * @throws UsageError; Failure for a file that cannot be read
 */
export function credentialsOf({ options }: Given, env: NodeJS.ProcessEnv): Shown | null {
  const given = EXCLUSIVE.filter((name) => options.has(name))
  if (given.length > 1) throw new UsageError(`--${given[0]} and --${given[1]} exclude each other`)
  const user = options.get('user') as string | undefined
  if (user !== undefined) return { user, password: passwordOf(user, env) }
  const file = options.get('token-file') as string | undefined
  if (file !== undefined) return { token: checked(readToken(file), file) }
  const token = options.get('token') as string | undefined
  if (token !== undefined) return { token: checked(token, '--token') }
  // An empty variable is how shells unset one.
  return env.SLUICE_TOKEN ? { token: checked(env.SLUICE_TOKEN.trim(), 'SLUICE_TOKEN') } : null
}

/** As the header of that name has it (RFC 6750, RFC 7617). */
export function authorizationOf(shown: Shown): string {
  if ('token' in shown) return `Bearer ${shown.token}`
  return `Basic ${Buffer.from(`${shown.user}:${shown.password}`).toString('base64')}`
}

function passwordOf(user: string, env: NodeJS.ProcessEnv): string {
  if (user.includes(':')) throw new UsageError('--user: the name alone; the password is $SLUICE_PASSWORD')
  if (env.SLUICE_PASSWORD === undefined) throw new UsageError(`--user ${user}: put the password into SLUICE_PASSWORD`)
  return env.SLUICE_PASSWORD
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new Failure(`cannot read ${file}: ${(error as Error).message}`)
  }
}

/** Says where it is wrong, and not what it is. */
function checked(token: string, from: string): string {
  if (!TOKEN_LIKE.test(token)) throw new Failure(`${from}: not a token: empty, too long, or with blanks in it`)
  return token
}
