import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { Command, MAIN } from '../helpers/command.js'
import { Issuer } from '../helpers/issuer.js'
import { folder, Secured } from '../helpers/secured.js'
import { until } from '../helpers/until.js'

const noScript = spawnSync('script', ['--version']).status === 0 ? false : 'no script(1) to make a terminal'
const HASH = /^scrypt:15:8:3:[A-Za-z0-9_-]{22}:[A-Za-z0-9_-]{43}$/

t.test('a password is hashed, and the hash lets somebody in', async (t) => {
  const [hash, again] = await Promise.all(
    ['pä ss:word\n', 'pä ss:word'].map((input) => Command.run(t, ['hash'], input)),
  )
  t.match(hash.lines, [HASH])
  t.not(hash.stdout, again.stdout, 'each has a salt of its own')
  const daemon = await Secured.start(t, `[[user]]\nname = "olga"\npassword_hash = "${hash.lines[0]}"\n`)
  t.equal((await daemon.auth({ user: 'olga', password: 'pä ss:word' })).code, 0)
  t.equal((await daemon.auth({ user: 'olga', password: 'pä ss:word ' })).code, Code.BAD_CREDENTIALS)
  t.equal((await daemon.auth({ user: 'igor', password: 'pä ss:word' })).code, Code.BAD_CREDENTIALS)
  t.equal((await daemon.auth({ user: '', password: '' })).code, Code.BAD_CREDENTIALS)
})

t.test('what is no password', async (t) => {
  for (const input of ['', '\n', 'two\nlines\n', 'x'.repeat(9000)]) {
    const refused = await Command.run(t, ['hash'], input)
    t.equal(refused.code, 2)
    t.equal(refused.stdout, '')
  }
  t.equal((await Command.run(t, ['hash', 'secret'])).code, 2, 'it is no argument')
})

t.test('on a terminal it is asked for twice, and not shown', { skip: noScript }, async (t) => {
  const typescript = join(t.testdir(), 'typescript')
  const command = Command.spawn(t, 'script', ['-qec', `${process.execPath} ${MAIN} hash`, typescript], {
    env: { TERM: 'xterm' },
  })
  await until('the first question', () => /Password: /.test(command.stdout))
  command.write('hunter22\r')
  await until('the second question', () => /Password again: /.test(command.stdout))
  command.write('hunter22\r')
  await until('the hash', () => /scrypt:\S{60,}/.test(command.stdout))
  await command.exited
  t.equal(command.code, 0)
  t.notMatch(readFileSync(typescript, 'utf8'), /hunter22/)
})

t.test('a token is made, with its hash', async (t) => {
  const made = await Command.run(t, ['token'])
  t.match(made.lines, [/^slt_[A-Za-z0-9_-]{43}$/])
  const [, hash] = /^token_hashes = \["(sha256:[0-9a-f]{64})"\]$/m.exec(made.stderr) ?? []
  t.equal((await Command.run(t, ['hash', '--token'], made.stdout)).lines[0], hash)
  const daemon = await Secured.start(t, `[[user]]\nname = "bot"\ntoken_hashes = ["${hash}"]\n`)
  t.equal((await daemon.auth({ token: made.lines[0] })).code, 0)
  const other = JSON.parse((await Command.run(t, ['token', '--json'])).stdout) as { token: string; hash: string }
  t.not(other.token, made.lines[0])
  t.equal((await daemon.auth({ token: other.token })).code, Code.BAD_CREDENTIALS)
})

t.test('a token is revoked', async (t) => {
  const issuer = await new Issuer().add('one')
  const files = folder(t)
  const configured = `[jwt]\njwks_file = ${JSON.stringify(files.write('jwks.json', issuer.jwks))}\n[[role]]\nname = "all"\n`
  const daemon = await Secured.start(t, configured)
  const client = await daemon.open(await issuer.token({ jti: 'lost' }))
  await client.sync()
  const env = { SLUICE_ADMIN_URL: daemon.daemon.adminUrl }
  const revoked = await Command.run(t, ['revoke', 'lost'], '', { env })
  t.equal(revoked.stdout, 'revoked: lost, 1 connection ended, until the daemon ends: it has no auth.revoked_file\n')
  t.equal((await client.untilClosed()).code, Code.TOKEN_REVOKED)
  t.match(await daemon.reload(configured), { ok: true })
  t.equal(
    (await daemon.auth({ token: await issuer.token({ jti: 'lost' }) })).code,
    Code.TOKEN_REVOKED,
    'a reload does not forget it',
  )
  t.equal((await Command.run(t, ['revoke', 'two words'], '', { env })).code, 2)
  t.equal((await Command.run(t, ['revoke'], '', { env })).code, 2)
})

t.test('check reads what serve would', async (t) => {
  const files = folder(t)
  const check = async (text: string): Promise<Command> => Command.run(t, ['check', files.write('sluice.toml', text)])
  const cases: [what: string, text: string, expected: RegExp][] = [
    [
      'no secret',
      '[jwt]\nalgorithms = ["HS256"]\nsecret_file = "/nowhere/secret"\n',
      /^jwt\.secret_file: there is no file/,
    ],
    [
      'a short secret',
      `[jwt]\nalgorithms = ["HS512"]\nsecret_file = ${JSON.stringify(files.write('secret', 'x'.repeat(63)))}\n`,
      /holds 63 bytes; HS512 need 64/,
    ],
    [
      'no keys',
      `[jwt]\njwks_file = ${JSON.stringify(files.write('jwks.json', '{"keys":[]}'))}\n`,
      /^jwt\.jwks_file: .* no key/,
    ],
    [
      'a folder',
      `[auth]\nrevoked_file = ${JSON.stringify(files.path('.'))}\n`,
      /^auth\.revoked_file: .* is not a file/,
    ],
    [
      'no id',
      `[auth]\nrevoked_file = ${JSON.stringify(files.write('revoked', 'a\ntwo words\n'))}\n`,
      /revoked:2 is no id/,
    ],
    [
      'a hash that costs nothing',
      '[[user]]\nname = "a"\npassword_hash = "scrypt:1:1:1:MTIzNDU2Nzg5MDEyMzQ1Ng:u3Jv1Ck7vpVXQcOMZb4j6dxDdR2rXr0yMDfJTQ9Y9UE"\n',
      /^user\.password_hash of a: its cost is too low/,
    ],
    [
      'a hash that costs too much',
      '[[user]]\nname = "a"\npassword_hash = "scrypt:30:8:3:MTIzNDU2Nzg5MDEyMzQ1Ng:u3Jv1Ck7vpVXQcOMZb4j6dxDdR2rXr0yMDfJTQ9Y9UE"\n',
      /^user\.password_hash of a: its cost is so high/,
    ],
    [
      'no subject',
      '[[user]]\nname = "a"\ncertificate_subjects = ["shop"]\n',
      /^user\.certificate_subjects of a: "shop" is no subject/,
    ],
    [
      'a token of two',
      ['a', 'b'].map((name) => `[[user]]\nname = "${name}"\ntoken_hashes = ["sha256:${'0'.repeat(64)}"]\n`).join(''),
      /^user\.token_hashes: b and a have the same token/,
    ],
  ]
  for (const [what, text, expected] of cases) {
    const checked = await check(text)
    t.equal(checked.code, 2, what)
    t.match(checked.stderr, expected, what)
    t.match(checked.stderr, /not ok: 1 problem\n$/, what)
  }
  const issuer = await new Issuer().add('one')
  const good = await check(`[jwt]\njwks_file = ${JSON.stringify(files.write('jwks.json', issuer.jwks))}\n`)
  t.equal(good.code, 0)
})
