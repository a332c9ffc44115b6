import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { Failure, type Given, UsageError } from '../../src/cli/command.js'
import { authorizationOf, credentialsOf } from '../../src/cli/credentials.js'
import { Command } from '../helpers/command.js'
import { folder } from '../helpers/secured.js'

function given(options: Record<string, string> = {}): Given {
  return { options: new Map(Object.entries(options)), positionals: [], dotted: new Map() } as unknown as Given
}

t.test('who is asking: by an option, or else by the environment', async (t) => {
  const files = folder(t)
  const file = files.write('token', ' slt_file\n')
  const env = { SLUICE_TOKEN: 'slt_env', SLUICE_PASSWORD: 'p:w ü' }
  t.equal(credentialsOf(given(), {}), null)
  t.equal(credentialsOf(given(), { SLUICE_TOKEN: '', SLUICE_PASSWORD: 'x' }), null)
  t.same(credentialsOf(given(), env), { token: 'slt_env' })
  t.same(credentialsOf(given({ token: 'slt_option' }), env), { token: 'slt_option' })
  t.same(credentialsOf(given({ 'token-file': file }), env), { token: 'slt_file' })
  t.same(credentialsOf(given({ user: 'ops' }), env), { user: 'ops', password: 'p:w ü' })
  files.write('token', 'slt_newer')
  t.same(credentialsOf(given({ 'token-file': file }), {}), { token: 'slt_newer' }, 'as it is now')
})

t.test('what cannot be meant is said, and no secret with it', async (t) => {
  const refused = (options: Record<string, string>, env: Record<string, string>): Error => {
    try {
      credentialsOf(given(options), env)
      return new Error('it was taken')
    } catch (error) {
      return error as Error
    }
  }
  const cases: readonly [Record<string, string>, Record<string, string>, typeof Failure | typeof UsageError, RegExp][] =
    [
      [{ token: 'secret', user: 'ops' }, {}, UsageError, /--token and --user exclude/],
      [{ user: 'ops' }, {}, UsageError, /SLUICE_PASSWORD/],
      [{ user: 'ops:secret' }, { SLUICE_PASSWORD: 'x' }, UsageError, /the name alone/],
      [{ token: 'secret with blanks' }, {}, Failure, /^--token: not a token/],
      [{}, { SLUICE_TOKEN: 'sécret' }, Failure, /^SLUICE_TOKEN: not a token/],
      [{ 'token-file': '/nowhere/at/all' }, {}, Failure, /^cannot read \/nowhere/],
    ]
  for (const [options, env, kind, says] of cases) {
    const error = refused(options, env)
    t.type(error, kind)
    t.match(error.message, says)
    t.notMatch(error.message, /s[eé]cret/)
  }
})

t.test('as a header has it', async (t) => {
  t.equal(authorizationOf({ token: 'slt_x' }), 'Bearer slt_x')
  t.equal(authorizationOf({ user: 'Aladdin', password: 'open sesame' }), 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==')
})

/** An admin port that answers by what it is shown. */
async function adminPort(t: { teardown(run: () => unknown): void }): Promise<{ url: string; shown: string[] }> {
  const shown: string[] = []
  const server: Server = createServer(({ headers }, response) => {
    shown.push(headers.authorization ?? '')
    const status = headers.authorization === 'Bearer right' ? 200 : headers.authorization === undefined ? 401 : 403
    const detail = status === 401 ? 'say who you are' : 'this user is no admin'
    const body = status === 200 ? { slow: [] } : { status, detail }
    response.writeHead(status, { 'content-type': status === 200 ? 'application/json' : 'application/problem+json' })
    response.end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, shown }
}

t.test('commands that ask the admin port say who they are, and what to do where it is not enough', async (t) => {
  const { url, shown } = await adminPort(t)
  const run = (env: Record<string, string>, ...words: string[]) =>
    Command.run(t, [...words, '--admin', url], '', { env })
  const nobody = await run({}, 'connections', '--json')
  t.equal(nobody.code, 1)
  t.match(nobody.stderr, /say who you are \(--token-file, --user, or SLUICE_TOKEN\)/)
  const other = await run({ SLUICE_PASSWORD: 'x' }, 'connections', '--json', '--user', 'shop')
  t.equal(other.code, 1)
  t.match(other.stderr, /this user is no admin/)
  const admin = await run({ SLUICE_TOKEN: 'right' }, 'connections', '--json')
  t.equal(admin.code, 0, admin.stderr)
  t.same(shown, ['', `Basic ${Buffer.from('shop:x').toString('base64')}`, 'Bearer right'])
})
