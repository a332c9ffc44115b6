// A certificate is as good as a token where its subject is a user's, and no worse than nothing where it is nobody's.
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { SUBPROTOCOL_MSGPACK } from '../../src/protocol/ops.js'
import { hashToken } from '../../src/security/tokens.js'
import { opensslMissing } from '../helpers/certificates.js'
import { Authority, type Certified } from '../helpers/pki.js'
import { RawClient } from '../helpers/raw-client.js'
import { auth, Secured } from '../helpers/secured.js'

t.test('a client certificate lets a user in', { skip: opensslMissing }, async (t) => {
  const authority = new Authority(t)
  const own = authority.issue()
  const shop = authority.issue({ subject: '/O=Acme, Inc./CN=shop-eu' })
  const named = authority.issue({ subject: '/O=Anybody/CN=olga' })
  const nobody = authority.issue({ subject: '/O=Elsewhere/CN=shop-eu' })
  const users = (subjects: string): string =>
    `[[user]]\nname = "shop"\nrole = "some"\ncertificate_subjects = ${subjects}\n` +
    `[[user]]\nname = "olga"\ncertificate_subjects = ["CN=olga"]\ntoken_hashes = ["${hashToken('slt_olga')}"]\n` +
    '[[role]]\nname = "some"\npublish = ["users.{user}.>"]\n' +
    `[tls]\ncertificate = "${own.certFile}"\nkey = "${own.keyFile}"\nclient_ca = "${authority.caFile}"\n`
  const configured = users('["CN=shop-eu,O=Acme\\\\, Inc."]')
  const daemon = await Secured.start(t, configured)
  const open = async (shown?: Certified): Promise<RawClient> => {
    const { ca } = authority
    const client = await RawClient.open(daemon.daemon.httpsUrl.replace('https', 'wss'), [SUBPROTOCOL_MSGPACK], {
      ca,
      ...(shown !== undefined && { cert: shown.cert, key: shown.key }),
    })
    t.teardown(() => client.socket.terminate())
    return client
  }

  const client = await open(shop)
  client.publish('users.shop.a', 'x')
  client.publish('users.olga.a', 'x')
  t.match(await client.sync(), { accepted: 1, refused: 1 }, 'with the role of the user')
  const byName = await open(named)
  byName.publish('anything', 'x')
  t.match(await byName.sync(), { accepted: 1 }, 'by its common name alone')
  for (const shown of [undefined, nobody]) {
    const locked = await open(shown)
    locked.publish('users.shop.a', 'x')
    t.match(await locked.sync(), { accepted: 0, refused: 1 })
    t.same(locked.errors, [Code.UNAUTHENTICATED])
    t.equal(await auth(locked, { token: 'slt_olga' }), 0, 'who is nobody by it may still be somebody by a token')
  }
  const figures = await daemon.scrape()
  t.match(figures.text, /sluice_auth_attempts_total\{kind="certificate",result="accepted"\} 2/)
  t.match(figures.text, /sluice_auth_attempts_total\{kind="certificate",result="unauthenticated"\} 1/)

  t.match(await daemon.reload(users('["CN=other"]')), { ok: true })
  t.equal((await client.untilClosed()).code, Code.TOKEN_REVOKED, 'when the subject is the user no more')
  t.equal((await byName.sync()).accepted, 1)
})
