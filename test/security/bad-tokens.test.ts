// What is wrong with a token is for the log: none of these is accepted, and all of them get the same answer.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { type Header, Issuer, part, pemOf, signed } from '../helpers/issuer.js'
import { auth, folder, Secured } from '../helpers/secured.js'

const SECRET = 'a secret that is long enough for HS512: sixty-four bytes of it or more'

const ROLES = '[[role]]\nname = "all"\n[[role]]\nname = "some"\npublish = ["a.>"]\n'

function configuration(jwksFile: string, secretFile: string): string {
  return `
[jwt]
algorithms = ["HS256", "RS256", "ES256", "EdDSA"]
jwks_file = ${JSON.stringify(jwksFile)}
secret_file = ${JSON.stringify(secretFile)}
issuer = "https://issuer.example/"
audience = "sluice"
${ROLES}`
}

/** Bends the bytes of one of the three parts. */
function bent(token: string, which: 0 | 1 | 2): string {
  const parts = token.split('.')
  const bytes = Buffer.from(parts[which], 'base64url')
  bytes[bytes.length >> 1] ^= 1
  parts[which] = bytes.toString('base64url')
  return parts.join('.')
}

function hmac(header: unknown, claims: unknown, secret: string | Buffer): string {
  const input = `${part(header)}.${part(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

async function badTokens(issuer: Issuer): Promise<[what: string, token: string][]> {
  const now = Math.floor(Date.now() / 1000)
  const good = await issuer.token()
  const [header, payload, signature] = good.split('.')
  const claims = issuer.claims()
  const stranger = await new Issuer().add('es')
  const { privateKey: weak } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const es = issuer.key('es')
  const raw = (text: string | Uint8Array, more: Header = {}) => signed(text, { alg: 'ES256', kid: 'es', ...more }, es)
  const deep = `${'['.repeat(3000)}${']'.repeat(3000)}`
  const withHeader = (more: Header) => issuer.token({}, more, 'es')
  const weakInput = `${part({ alg: 'RS256', kid: 'weak' })}.${part(claims)}`
  return [
    // Signatures.
    ['alg none, no signature', `${part({ alg: 'none', typ: 'JWT' })}.${payload}.`],
    ['alg none, with a signature', `${part({ alg: 'none' })}.${payload}.${signature}`],
    ['alg None', `${part({ alg: 'None' })}.${payload}.AA`],
    ['alg nOnE of no kid', `${part({ alg: 'nOnE', kid: 'es' })}.${payload}.AA`],
    ['no alg', `${part({ typ: 'JWT', kid: 'es' })}.${payload}.${signature}`],
    ['alg that is no text', `${part({ alg: ['ES256'], kid: 'es' })}.${payload}.${signature}`],
    ['alg of an empty text', `${part({ alg: '', kid: 'es' })}.${payload}.${signature}`],
    ['HS256 by the public key of RS256', hmac({ alg: 'HS256', kid: 'rs' }, claims, pemOf(issuer.jwk('rs')))],
    [
      'HS256 by the modulus of RS256',
      hmac({ alg: 'HS256' }, claims, Buffer.from(issuer.jwk('rs').n as string, 'base64url')),
    ],
    ['HS256 by an empty secret', hmac({ alg: 'HS256' }, claims, '')],
    ['HS256 by another secret', hmac({ alg: 'HS256' }, claims, `${SECRET}!`)],
    ['an algorithm that is not listed', await issuer.token({}, {}, 'ps')],
    ['an algorithm of another type of key', `${part({ alg: 'RS256', kid: 'es' })}.${payload}.${signature}`],
    ["another's key under a known name", await stranger.token()],
    ['a key that is not in the set', await stranger.token({}, { kid: 'other' })],
    ['a weak key', await issuer.token({}, { kid: 'weak' }, 'rs')],
    ['a weak key of its own', `${weakInput}.${sign('sha256', Buffer.from(weakInput), weak).toString('base64url')}`],
    ['bent header', bent(good, 0)],
    ['bent claims', bent(good, 1)],
    ['bent signature', bent(good, 2)],
    ['other claims under the signature', `${header}.${part({ ...claims, sub: 'root' })}.${signature}`],
    [
      'the signature of another token',
      `${header}.${part({ ...claims, jti: 'two' })}.${(await issuer.token({ jti: 'three' })).split('.')[2]}`,
    ],
    ['a signature of zeros (CVE-2022-21449)', `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`],
    ['a signature in DER', `${header}.${payload}.${Buffer.from('3006020100020100', 'hex').toString('base64url')}`],
    ['a short signature', `${header}.${payload}.${signature.slice(0, -8)}`],
    ['a long signature', `${header}.${payload}.${signature}AAAA`],
    // Headers.
    ['no kid among many keys', await withHeader({ kid: undefined })],
    ['kid of a path', await withHeader({ kid: '../../../../dev/null' })],
    ['kid of SQL', await withHeader({ kid: "es' OR '1'='1" })],
    ['kid of another case', await withHeader({ kid: 'ES' })],
    ['kid that is empty', await withHeader({ kid: '' })],
    ['kid that is a number', await withHeader({ kid: 1 })],
    ['kid of the prototype', await withHeader({ kid: '__proto__' })],
    ['kid that two keys have', await issuer.token({}, { kid: 'twin' }, 'es')],
    ['crit', await withHeader({ crit: ['exp'], exp: 1 })],
    ['b64 false', `${part({ alg: 'ES256', kid: 'es', b64: false, crit: ['b64'] })}.${payload}.${signature}`],
    ['b64 without crit', await withHeader({ b64: true })],
    ['a token within', await raw(good, { cty: 'JWT' })],
    ['its own key (jwk)', await stranger.token({}, { kid: 'mine', jwk: stranger.jwk('es') })],
    ['its own key under a known name', await stranger.token({}, { jwk: stranger.jwk('es') })],
    ['a place of keys (jku)', await stranger.token({}, { jku: 'http://127.0.0.1:1/jwks.json' })],
    ['a certificate (x5c)', await stranger.token({}, { x5c: ['AAAA'] })],
    ['a place of certificates (x5u)', await stranger.token({}, { x5u: 'http://127.0.0.1:1/c.pem' })],
    ['typ of a logout token', await withHeader({ typ: 'logout+jwt' })],
    ['typ that is a number', await withHeader({ typ: 7 })],
    ['encrypted', `${part({ alg: 'RSA-OAEP', enc: 'A256GCM', kid: 'rs' })}.AA.AA.AA.AA`],
    ['a header that is no object', `${part('[1]')}.${payload}.${signature}`],
    ['a header that is no JSON', `${part('{"alg":')}.${payload}.${signature}`],
    [
      'a deep header',
      `${part(`{"alg":"ES256","x":${deep.slice(0, 1500)}${deep.slice(-1500)}}`)}.${payload}.${signature}`,
    ],
    // Times.
    ['expired', await issuer.token({ exp: now - 1 })],
    ['expired within the tolerance', await issuer.token({ exp: now })],
    ['expired long ago', await issuer.token({ exp: 1 })],
    ['no exp', await issuer.token({ exp: null })],
    ['exp too far away', await issuer.token({ exp: now + 86_400 * 2 })],
    ['exp of the end of time', await issuer.token({ exp: Number.MAX_SAFE_INTEGER })],
    ['exp beyond numbers', await raw(JSON.stringify(issuer.claims({ exp: 'E' })).replace('"E"', '1e400'))],
    ['exp that is a text', await issuer.token({ exp: String(now + 60) })],
    ['exp with a fraction', await issuer.token({ exp: now + 60.5 })],
    ['exp below zero', await issuer.token({ exp: -(now + 60) })],
    ['exp of null', await raw(JSON.stringify({ ...issuer.claims(), exp: null }))],
    ['exp that is a list', await issuer.token({ exp: [now + 60] })],
    ['nbf in the future', await issuer.token({ nbf: now + 60 })],
    ['nbf that is a text', await issuer.token({ nbf: '0' })],
    ['iat in the future', await issuer.token({ iat: now + 60 })],
    ['iat that is true', await issuer.token({ iat: true })],
    // Issuer and audience.
    ['another issuer', await issuer.token({ iss: 'https://issuer.example' })],
    ['no issuer', await issuer.token({ iss: null })],
    ['a list of issuers', await issuer.token({ iss: ['https://issuer.example/'] })],
    ['another audience', await issuer.token({ aud: 'sluice-admin' })],
    ['a list of other audiences', await issuer.token({ aud: ['shop', 'Sluice'] })],
    ['no audience', await issuer.token({ aud: null })],
    ['an empty list of audiences', await issuer.token({ aud: [] })],
    ['a list within the list of audiences', await issuer.token({ aud: [['sluice']] })],
    ['an object for an audience', await issuer.token({ aud: { sluice: true } })],
    // Who, and what they may.
    ['no user', await issuer.token({ sub: null })],
    ['a user that is a number', await issuer.token({ sub: 7 })],
    ['a user that is empty', await issuer.token({ sub: '' })],
    ['a user with a dot', await issuer.token({ sub: 'a.b' })],
    ['a user with a wildcard', await issuer.token({ sub: '*' })],
    ['a user of the rest', await issuer.token({ sub: '>' })],
    ['a user with a space', await issuer.token({ sub: 'ada ' })],
    ['a user with a line end', await issuer.token({ sub: 'ada\n' })],
    ['a user with a zero byte', await issuer.token({ sub: 'ada\u0000' })],
    ['a user in another alphabet', await issuer.token({ sub: 'аda' })],
    ['a user in full-width letters', await issuer.token({ sub: 'ａｄａ' })],
    ['a user with what is not seen', await issuer.token({ sub: 'a\u200Bda' })],
    ['a user that is very long', await issuer.token({ sub: 'a'.repeat(129) })],
    ['a role that is not there', await issuer.token({ role: 'root' })],
    ['a role that is empty', await issuer.token({ role: '' })],
    ['a list of roles', await issuer.token({ role: ['all'] })],
    ['a role of the prototype', await issuer.token({ role: '__proto__' })],
    ['a jti that is a number', await issuer.token({ jti: 1 })],
    ['a jti of two lines', await issuer.token({ jti: 'a\nb' })],
    ['sluice that is a list', await issuer.token({ role: null, sluice: [] })],
    ['sluice with a bad pattern', await issuer.token({ role: null, sluice: { publish: ['a..b'] } })],
    ['sluice with a wildcard within a token', await issuer.token({ role: null, sluice: { subscribe: ['a.b*'] } })],
    [
      'sluice with an unknown word',
      await issuer.token({ role: null, sluice: { publish: ['a'], publish_denied: ['b'] } }),
    ],
    ['sluice with a lane that is none', await issuer.token({ role: null, sluice: { lane_min: 8 } })],
    ['sluice with a rate below zero', await issuer.token({ role: null, sluice: { events_per_second: -1 } })],
    ['sluice that allows beside a role', await issuer.token({ role: 'some', sluice: { publish: ['>'] } })],
    ['sluice with 65 patterns', await issuer.token({ role: null, sluice: { publish: Array<string>(65).fill('a') } })],
    // Form.
    ['empty', ''],
    ['dots', '..'],
    ['a space before', ` ${good}`],
    ['a line end after', `${good}\n`],
    ['a zero byte after', `${good}\u0000`],
    ['two parts', `${header}.${payload}`],
    ['four parts', `${good}.AA`],
    ['without the last byte', good.slice(0, -1)],
    ['half of it', good.slice(0, good.length >> 1)],
    ['padding', `${header}.${payload}.${signature}==`],
    ['base64 instead of base64url', good.replace(/-/g, '+').replace(/_/g, '/').concat('+')],
    ['another way to write the last byte', otherEnd(good)],
    ['letters that look alike', good.replace(/e/, 'е')],
    ['JSON serialization', JSON.stringify({ payload, protected: header, signature })],
    ['too long', await issuer.token({ padding: 'x'.repeat(8192) })],
    ['claims that are a list', await raw('[]')],
    ['claims that are null', await raw('null')],
    ['claims that are no JSON', await raw(JSON.stringify(claims).slice(0, -1))],
    [
      'claims that are no UTF-8',
      await raw(Buffer.concat([Buffer.from(JSON.stringify(claims).slice(0, -2)), Buffer.from([0xff, 0x22, 0x7d])])),
    ],
    ['claims after a byte order mark', await raw(`\uFEFF${JSON.stringify(claims)}`)],
    ['two sets of claims', await raw(`${JSON.stringify(claims)}${JSON.stringify(claims)}`)],
    ['deep claims', await raw(deep.slice(0, 2000))],
    ['claims of the prototype', await raw(`{"__proto__":${JSON.stringify(claims)}}`)],
    [
      'the user by the prototype',
      await raw(JSON.stringify(issuer.claims({ sub: null, role: 'all' })).replace('{', '{"__proto__":{"sub":"ada"},')),
    ],
  ]
}

/** The same signature, whose last character has other bits where none count. */
function otherEnd(token: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return token.slice(0, -1) + letters[letters.indexOf(token.at(-1) as string) ^ 1]
}

/** What does not fit into a frame may still fit into a header. */
const FRAME_CHARS_MAX = 4000

async function byHeader(daemon: Secured, token: string): Promise<string> {
  try {
    return String((await (await daemon.open(token)).untilClosed()).code)
  } catch (error) {
    return (error as Error).message
  }
}

t.test('no bad token is accepted, and all get one answer', async (t) => {
  const files = folder(t)
  const issuer = await new Issuer().add('rs', 'RS256')
  await issuer.add('ps', 'PS256')
  await issuer.add('es2')
  await issuer.add('es')
  const { publicKey: weak } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const keys = [
    ...(JSON.parse(issuer.jwks) as { keys: object[] }).keys,
    { ...weak.export({ format: 'jwk' }), kid: 'weak', alg: 'RS256' },
    ...(await Promise.all([1, 2].map(async () => ({ ...(await new Issuer().add('twin')).jwk('twin') })))),
    { ...issuer.jwk('es'), kid: 'ES384', alg: 'ES384' },
  ]
  const configured = configuration(files.write('jwks.json', JSON.stringify({ keys })), files.write('secret', SECRET))
  const daemon = await Secured.start(t, configured)
  const good = await daemon.auth({ token: await issuer.token() })
  t.equal(good.code, 0, 'one that is good is accepted, or the others would prove nothing')
  t.equal((await daemon.auth({ token: hmac({ alg: 'HS256' }, issuer.claims(), SECRET) })).code, 0)

  const tokens = await badTokens(issuer)
  t.ok(tokens.length >= 40, `${tokens.length} kinds`)
  const seen = new Set<string>()
  for (const [what, token] of tokens) {
    const client = await daemon.open()
    if (token.length > FRAME_CHARS_MAX) {
      client.socket.terminate()
      t.match(await byHeader(daemon, token), /^(4530|Unexpected server response: (400|401|431))$/, what)
      continue
    }
    t.equal(await auth(client, { token }), Code.BAD_CREDENTIALS, what)
    const [error] = client.controls.filter((frame) => 'message' in frame)
    seen.add(JSON.stringify(error))
    t.equal((await client.untilClosed()).code, Code.BAD_CREDENTIALS, `${what}: closed`)
  }
  t.equal(seen.size, 1, 'the answers cannot be told apart')
})
