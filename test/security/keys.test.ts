// The keys of an issuer come and go, and so does the place where it publishes them.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { parseKeySet } from '../../src/security/key-set.js'
import { Issuer } from '../helpers/issuer.js'
import { folder, Secured } from '../helpers/secured.js'
import { until } from '../helpers/until.js'

const ROLE = '[[role]]\nname = "all"\n'

/** Where an issuer publishes its keys. */
class Site {
  asked = 0
  status = 200
  body: string
  headers: Record<string, string> = {}

  private constructor(
    private readonly server: Server,
    body: string,
  ) {
    this.body = body
  }

  static async open(t: { teardown(run: () => unknown): void }, body: string): Promise<Site> {
    const server = createServer((_, response) => {
      site.asked++
      response.writeHead(site.status, site.headers).end(site.body)
    })
    const site = new Site(server, body)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    return site
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/jwks.json`
  }

  get configuration(): string {
    return `[jwt]\njwks_url = "${this.url}"\n${ROLE}`
  }
}

t.test(
  'a key is replaced: the new one is found when it is needed, the old one is worth nothing, also to who is in by it',
  async (t) => {
    const issuer = await new Issuer().add('old')
    const site = await Site.open(t, issuer.jwks)
    const daemon = await Secured.start(t, site.configuration)
    const old = await issuer.token()
    const client = await daemon.open(old)
    await client.sync()

    await issuer.add('new')
    site.body = issuer.jwks
    const both = await daemon.open(await issuer.token())
    await both.sync()
    t.equal((await daemon.auth({ token: old })).code, 0, 'both are good while the issuer has both')
    t.equal((await client.sync()).accepted, 0)

    issuer.remove('old')
    site.body = issuer.jwks
    const stranger = await (await new Issuer().add('strange')).token()
    t.equal(
      (await daemon.auth({ token: stranger })).code,
      Code.BAD_CREDENTIALS,
      'a name that is not known has the keys read again',
    )
    t.equal((await client.untilClosed()).code, Code.TOKEN_EXPIRED)
    t.equal((await daemon.auth({ token: old })).code, Code.BAD_CREDENTIALS)
    t.equal((await both.sync()).accepted, 0)
    const { asked } = site
    t.ok(asked <= 4, 'once at the start, then three times at once at most')
    for (let each = 0; each < 5; each++) t.equal((await daemon.auth({ token: stranger })).code, Code.BAD_CREDENTIALS)
    t.ok(site.asked <= 4, 'who makes up names does not have the issuer asked each time')
  },
)

t.test('the keys that were read last are used while they cannot be read', async (t) => {
  const issuer = await new Issuer().add('one')
  const site = await Site.open(t, issuer.jwks)
  const daemon = await Secured.start(t, site.configuration)
  const token = await issuer.token()
  t.equal((await daemon.auth({ token })).code, 0)
  const unknown = await (await new Issuer().add('two')).token()
  const broken: [what: string, change: () => void][] = [
    ['an error', () => Object.assign(site, { status: 500 })],
    ['an empty set, which is a mistake', () => Object.assign(site, { status: 200, body: '{"keys":[]}' })],
  ]
  for (const [what, change] of broken) {
    change()
    const { asked } = site
    t.equal((await daemon.auth({ token: unknown })).code, Code.AUTH_UNAVAILABLE, `${what}: nobody can say`)
    t.ok(site.asked > asked)
    t.equal(
      (await daemon.auth({ token: await issuer.token({ jti: `after-${site.asked}` }) })).code,
      0,
      `${what}: those are known`,
    )
  }
  Object.assign(site, { body: issuer.jwks })
  await until('the keys to be read again by themselves', async () => {
    return (await daemon.auth({ token: unknown })).code === Code.BAD_CREDENTIALS
  })
  t.equal((await daemon.auth({ token })).code, 0)
})

t.test('an issuer that is not there yet', async (t) => {
  const issuer = await new Issuer().add('one')
  const site = await Site.open(t, issuer.jwks)
  site.status = 503
  const daemon = await Secured.start(t, site.configuration)
  const token = await issuer.token()
  t.equal((await daemon.auth({ token })).code, Code.AUTH_UNAVAILABLE)
  site.status = 200
  await until('its keys', async () => (await daemon.auth({ token })).code === 0)
  const elsewhere = await Site.open(t, '')
  Object.assign(elsewhere, { status: 302, headers: { location: site.url } })
  const led = await Secured.start(t, elsewhere.configuration)
  t.equal((await led.auth({ token })).code, Code.AUTH_UNAVAILABLE, 'nobody is led to another place')
})

t.test('a file of keys is watched', async (t) => {
  const files = folder(t)
  const issuer = await new Issuer().add('old', 'EdDSA')
  const file = files.write('jwks.json', issuer.jwks)
  const daemon = await Secured.start(t, `[jwt]\njwks_file = ${JSON.stringify(file)}\n${ROLE}`)
  const client = await daemon.open(await issuer.token())
  await client.sync()
  files.write('jwks.json', '{"keys":')
  issuer.remove('old')
  await issuer.add('new', 'EdDSA')
  files.write('jwks.json', issuer.jwks)
  t.equal((await client.untilClosed()).code, Code.TOKEN_EXPIRED)
  t.equal((await daemon.auth({ token: await issuer.token() })).code, 0)
})

t.test('every algorithm, each with its own keys', async (t) => {
  const algorithms = ['RS256', 'RS512', 'PS384', 'ES256', 'ES384', 'ES512', 'EdDSA']
  const issuer = new Issuer()
  for (const algorithm of algorithms) await issuer.add(algorithm, algorithm)
  const file = folder(t).write('jwks.json', issuer.jwks)
  const listed = `[jwt]\nalgorithms = ${JSON.stringify(algorithms)}\njwks_file = ${JSON.stringify(file)}\n${ROLE}`
  const daemon = await Secured.start(t, listed)
  for (const algorithm of algorithms) {
    t.equal((await daemon.auth({ token: await issuer.token({}, {}, algorithm) })).code, 0, algorithm)
    const unnamed = await issuer.token({}, { kid: undefined }, algorithm)
    t.equal((await daemon.auth({ token: unnamed })).code, 0, `${algorithm}: the only key for it needs no name`)
  }
  t.match(await daemon.reload(listed.replace('"ES512",', '')), { ok: true })
  t.equal(
    (await daemon.auth({ token: await issuer.token({}, {}, 'ES512') })).code,
    Code.BAD_CREDENTIALS,
    'when it is not listed any more',
  )
})

t.test('sets of keys', async (t) => {
  const good = (await new Issuer().add('good')).jwk('good')
  const small = (await new Issuer().add('rs', 'RS256')).jwk('rs')
  const set = (...keys: unknown[]): string => JSON.stringify({ keys })
  const left: [what: string, key: unknown, doubt: RegExp | null][] = [
    ['for encryption', { ...good, kid: 'x', use: 'enc' }, null],
    ['for signing only', { ...good, kid: 'x', key_ops: ['sign'] }, null],
    ['of another curve', { ...good, kid: 'x', crv: 'secp256k1', alg: 'ES256K' }, null],
    ['a secret', { kty: 'oct', k: 'AAAA', kid: 'x' }, /secret/],
    ['private', { ...good, kid: 'x', d: 'AAAA' }, /private/],
    ['off its curve', { ...good, kid: 'x', x: 'AAAA' }, /no key of its type/],
    ['for another algorithm', { ...good, kid: 'x', alg: 'RS256' }, /another type/],
    ['of exponent 1', { ...small, kid: 'x', e: 'AQ' }, /exponent/],
    ['of few bits', { ...small, kid: 'x', n: (small.n as string).slice(0, 100) }, /too few/],
    ['of a name that is no text', { ...good, kid: 7 }, /no text/],
    ['no object', 'key', /no object/],
  ]
  for (const [what, key, doubt] of left) {
    const { keys, doubts } = await parseKeySet(set(good, key))
    t.same(
      keys.map(({ kid }) => kid),
      ['good'],
      what,
    )
    if (doubt === null) t.same(doubts, [], what)
    else t.match(doubts, [doubt], what)
  }
  const other = (await new Issuer().add('good')).jwk('good')
  await t.rejects(parseKeySet(set(good, other)), /several/, 'two keys of one name are none')
  t.equal((await parseKeySet(set(good, good))).keys.length, 1, 'the same key twice is one')
  for (const text of [
    '',
    '[]',
    '{}',
    '{"keys":{}}',
    set(),
    set({ kty: 'oct' }),
    set(...Array<object>(101).fill(good)),
  ]) {
    await t.rejects(parseKeySet(text), Error, text.slice(0, 20))
  }
})
