// Who is in already: what happens to a connection when its credentials end, are replaced, or are not good any more.
import { appendFileSync } from 'node:fs'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { hashToken } from '../../src/security/tokens.js'
import { Issuer } from '../helpers/issuer.js'
import { auth, folder, Secured } from '../helpers/secured.js'
import { until } from '../helpers/until.js'

const ROLES = '[[role]]\nname = "all"\n[[role]]\nname = "some"\npublish = ["a.>"]\nsubscribe = ["a.>"]\n'
const SECOND_MS = 1000

const seconds = (): number => Math.floor(Date.now() / SECOND_MS)

function user(name: string, token: string, more = ''): string {
  return `[[user]]\nname = "${name}"\ntoken_hashes = ["${hashToken(token)}"]\n${more}\n`
}

function jwks(file: string, revoked = ''): string {
  return `[jwt]\njwks_file = ${JSON.stringify(file)}\n[auth]\nrevoked_file = ${JSON.stringify(revoked)}\n${ROLES}`
}

async function revoke(daemon: Secured, id: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(new URL('/revocations', daemon.daemon.adminUrl), {
    method: 'POST',
    headers,
    body: JSON.stringify({ id }),
  })
}

t.test('a token ends under a live connection, unless another one comes in band', async (t) => {
  const issuer = await new Issuer().add('one')
  const daemon = await Secured.start(t, jwks(folder(t).write('jwks.json', issuer.jwks)))
  const exp = seconds() + 2
  const short = await issuer.token({ exp })
  const [byHeader, byFrame, refreshed] = await Promise.all([
    daemon.open(short),
    daemon.auth({ token: short }),
    daemon.open(short),
  ])
  t.equal(byFrame.code, 0)
  const [ok] = byFrame.client.told(Op.OK)
  t.equal(ok.info?.user, 'ada')
  t.ok((ok.info?.expiresInMs as number) <= 2000, 'it is told how long it lasts')
  await refreshed.subscribe('news')
  t.equal(await auth(refreshed, { token: await issuer.token({ exp: exp + 600 }) }), 0)

  for (const client of [byHeader, byFrame.client]) {
    t.equal((await client.untilClosed()).code, Code.TOKEN_EXPIRED)
    t.ok(Date.now() >= exp * SECOND_MS, 'not before its time')
    t.same(client.errors, [Code.TOKEN_EXPIRED])
  }
  // Whatever is done at the end of a second has been done when the next one has begun.
  await until('the next second', () => seconds() > exp)
  refreshed.publish('news', 'still here')
  await refreshed.until('its own event', () => refreshed.events.length === 1)
  const figures = await daemon.scrape()
  t.equal(figures.get('sluice_auth_ended_total', 'reason', 'expired'), 2)
  t.equal(figures.get('sluice_auth_refreshed_total'), 1)
  t.equal(figures.get('sluice_auth_sessions'), 1)
})

t.test('a connection stays whose it is', async (t) => {
  const issuer = await new Issuer().add('one')
  const daemon = await Secured.start(t, `${user('eve', 'slt_eve')}${jwks(folder(t).write('jwks.json', issuer.jwks))}`)
  const { client, code } = await daemon.auth({ token: await issuer.token() })
  t.equal(code, 0)
  t.equal(await auth(client, { token: await issuer.token({ role: 'some' }) }), 0, 'with a smaller role')
  client.publish('b.c', 'not any more')
  t.equal((await client.sync()).refused, 1)
  t.same(client.errors, [Code.NOT_PERMITTED])
  t.equal(await auth(client, { token: 'slt_eve' }), Code.BAD_CREDENTIALS)
  t.equal((await client.untilClosed()).code, Code.BAD_CREDENTIALS, 'it does not become that of another user')
})

t.test('whoever says nothing is locked out, and in time sent away', async (t) => {
  const daemon = await Secured.start(t, `[auth]\ntimeout = "300ms"\n${user('ada', 'slt_ada')}`)
  const silent = await daemon.open()
  silent.publish('a', 'x')
  t.equal((await silent.sync()).accepted, 0)
  t.same(silent.errors, [Code.UNAUTHENTICATED])
  const known = await daemon.open('slt_ada')
  t.equal((await silent.untilClosed()).code, Code.AUTH_TIMEOUT)
  t.equal((await known.sync()).accepted, 0, 'who is known stays')
  const figures = await daemon.scrape()
  t.equal(figures.get('sluice_auth_ended_total', 'reason', 'timeout'), 1)
  t.equal(figures.get('sluice_auth_sessions_locked'), 0)
})

t.test('what cannot be told apart from a token of nobody', async (t) => {
  const daemon = await Secured.start(t, user('ada', 'slt_ada'))
  for (const token of ['slt_adb', 'SLT_ADA', 'slt_ada ', hashToken('slt_ada'), '', 'slt_ada\u0000']) {
    t.equal((await daemon.auth({ token })).code, Code.BAD_CREDENTIALS, JSON.stringify(token))
  }
  t.equal((await daemon.auth({ token: 'slt_ada' })).code, 0)
  const figures = await daemon.scrape()
  t.equal(figures.text.match(/kind="token",result="bad_credentials"} (\d+)/)?.[1], '6')
})

t.test('a revoked token ends its connections, and opens no more', async (t) => {
  const files = folder(t)
  const issuer = await new Issuer().add('one')
  const revoked = files.path('revoked')
  const daemon = await Secured.start(
    t,
    `${user('bot', 'slt_bot')}${jwks(files.write('jwks.json', issuer.jwks), revoked)}`,
  )
  const token = await issuer.token({ jti: 'lost' })
  const [one, two, other, bot] = await Promise.all([
    daemon.open(token),
    daemon.open(token),
    daemon.open(await issuer.token({ jti: 'kept' })),
    daemon.open('slt_bot'),
  ])
  await Promise.all([one, two, other, bot].map((client) => client.sync()))
  t.equal((await revoke(daemon, 'two words')).status, 400)
  t.equal((await revoke(daemon, 7)).status, 400)
  t.same(await (await revoke(daemon, 'lost')).json(), { id: 'lost', ended: 2, kept: true, problem: '' })
  for (const client of [one, two]) t.equal((await client.untilClosed()).code, Code.TOKEN_REVOKED)
  t.equal((await daemon.auth({ token })).code, Code.TOKEN_REVOKED)
  t.match(await (await revoke(daemon, hashToken('slt_bot'))).json(), { ended: 1, kept: true })
  t.equal((await bot.untilClosed()).code, Code.TOKEN_REVOKED, "one of a user's tokens, by its hash")

  appendFileSync(revoked, 'kept\n')
  t.equal((await other.untilClosed()).code, Code.TOKEN_REVOKED, 'or written to the file by somebody else')
  const again = await Secured.start(t, jwks(files.path('jwks.json'), revoked))
  t.equal((await again.auth({ token })).code, Code.TOKEN_REVOKED, 'also after a restart')
})

t.test('with another configuration everybody is looked at again', async (t) => {
  const before = `${user('ada', 'slt_ada', 'role = "all"')}${user('bob', 'slt_bob')}${user('cleo', 'slt_cleo', 'role = "some"')}${ROLES}`
  const daemon = await Secured.start(t, before)
  const [ada, bob, cleo] = await Promise.all(['slt_ada', 'slt_bob', 'slt_cleo'].map((token) => daemon.open(token)))
  await ada.subscribe('b.c')
  await cleo.subscribe('a.b')
  const after = `${user('ada', 'slt_ada', 'role = "some"')}${user('cleo', 'slt_cleo', 'role = "some"')}${ROLES}`
  t.match(await daemon.reload(after), { ok: true })
  t.equal((await bob.untilClosed()).code, Code.TOKEN_REVOKED, 'who is not there any more goes')
  ada.publish('b.c', 'x')
  t.equal((await ada.sync()).refused, 1, 'who may less does less')
  cleo.publish('a.b', 'x')
  await cleo.until('its own event', () => cleo.events.length === 1)
  t.match(await daemon.reload(after.replace('role = "some"', 'role = "none"')), { ok: false })
  t.match(await daemon.reload(`${after}[jwt]\njwks_file = "/nowhere/jwks.json"\n`), { ok: false }, 'all or nothing')
  t.equal((await ada.sync()).accepted, 0, 'what ran goes on')
})

t.test('connections of a user are counted', async (t) => {
  const daemon = await Secured.start(
    t,
    `[limits]\nconnections_per_user = 2\n${user('ada', 'slt_ada')}${user('bob', 'slt_bob')}`,
  )
  const [first] = await Promise.all(
    [daemon.open('slt_ada'), daemon.open('slt_ada')].map(async (open) => (await open).sync().then(() => open)),
  )
  const { client, code } = await daemon.auth({ token: 'slt_ada' })
  t.equal(code, Code.TOO_MANY_OF_USER)
  t.equal((await client.untilClosed()).code, Code.TOO_MANY_OF_USER)
  t.equal((await daemon.auth({ token: 'slt_bob' })).code, 0, 'of each alone')
  t.equal(await auth(first, { token: 'slt_ada' }), 0, 'to say it again is no other connection')
  first.socket.close()
  await first.untilClosed()
  await until('a place again', async () => (await daemon.auth({ token: 'slt_ada' })).code === 0)
})

t.test('the anonymous', async (t) => {
  const open = await Secured.start(t, '')
  const anybody = await open.open()
  anybody.publish('a', 'x')
  t.equal((await anybody.sync()).accepted, 1, 'while nobody is known, everybody may everything')
  t.equal(await auth(anybody, { token: 'whatever' }), 0, 'and says what they like')

  const both = await Secured.start(
    t,
    `[auth]\nallow_anonymous = true\nanonymous_role = "some"\n${user('ada', 'slt_ada')}${ROLES}`,
  )
  const nobody = await both.open()
  nobody.publish('a.b', 'x')
  nobody.publish('b', 'x')
  t.match(await nobody.sync(), { accepted: 1, refused: 1 }, 'beside users they have a role')
  t.equal(await auth(nobody, { token: 'slt_ada' }), 0)
  nobody.publish('b', 'x')
  t.match(await nobody.sync(), { accepted: 2, refused: 1 }, 'until they say who they are')
  t.equal((await both.auth({ token: 'slt_bob' })).code, Code.BAD_CREDENTIALS, 'who is wrong is not anonymous instead')
  const late = await both.open()
  await late.sync()
  t.match(await both.reload(user('ada', 'slt_ada')), { ok: true })
  t.equal((await late.untilClosed()).code, Code.UNAUTHENTICATED, 'when they are let in no more, they go')
  t.equal((await nobody.sync()).refused, 1, 'and who is known stays')
})
