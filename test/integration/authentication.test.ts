import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import t from 'tap'
import { type ConnectOptions, connect } from '../../src/client/index.js'
import { codeName } from '../../src/protocol/codes.js'
import { Op, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from '../../src/protocol/ops.js'
import { hashPassword } from '../../src/security/passwords.js'
import { hashToken } from '../../src/security/tokens.js'
import { Command } from '../helpers/command.js'
import { Http1Sender, Http2Sender } from '../helpers/http-request.js'
import { Issuer } from '../helpers/issuer.js'
import { RawClient } from '../helpers/raw-client.js'
import { auth, folder, Secured } from '../helpers/secured.js'
import { until } from '../helpers/until.js'

type Shown = { token: string } | { user: string; password: string }

const issuer = await new Issuer().add('one')
const files = folder(t)
const jwks = files.write('jwks.json', issuer.jwks)
const password = await hashPassword('secret', { logN: 10, r: 8, p: 1 })
const STATIC = 'static-token-of-the-shop'
const CONFIG = `
[auth]
timeout = "60s"
[jwt]
jwks_file = "${jwks}"
issuer = "${issuer.name}"
audience = "${issuer.audience}"
[[role]]
name = "all"
publish = [">"]
subscribe = [">"]
[[user]]
name = "shop"
role = "all"
token_hashes = ["${hashToken(STATIC)}"]
[[user]]
name = "ann"
role = "all"
password_hash = "${password}"
`

const now = (): number => Math.floor(Date.now() / 1000)
const KINDS: { name: string; good: Shown; bad: Shown }[] = [
  { name: 'a static token', good: { token: STATIC }, bad: { token: 'another-token-of-nobody' } },
  { name: 'a password', good: { user: 'ann', password: 'secret' }, bad: { user: 'ann', password: 'guess' } },
  {
    name: 'a JWT',
    good: { token: await issuer.token() },
    bad: { token: await issuer.token({ exp: now() - 3600, iat: now() - 7200 }) },
  },
]

const headerOf = (shown: Shown): string =>
  'token' in shown ? `Bearer ${shown.token}` : `Basic ${btoa(`${shown.user}:${shown.password}`)}`

/** @returns 'in', or by what somebody is kept out: a status or the name of a code */
type Way = (daemon: Secured['daemon'], shown: Shown | null) => Promise<string>

/** A socket that was opened in whatever way: whether it can publish. */
async function tried(opening: Promise<RawClient>): Promise<string> {
  let client: RawClient
  try {
    client = await opening
  } catch (error) {
    return /\d{3}/.exec((error as Error).message)?.[0] ?? String(error)
  }
  try {
    await until('WELCOME, or the end', () => client.told(Op.WELCOME).length > 0 || client.closed !== null)
    if (client.closed !== null) return codeName(client.closed.code)
    client.publish('a', 'x')
    const { accepted } = await client.sync()
    return accepted === 1 ? 'in' : codeName(client.errors[0])
  } finally {
    client.cut()
  }
}

const byHeader = (url: string, shown: Shown | null) =>
  tried(
    RawClient.open(url, [SUBPROTOCOL_MSGPACK], { headers: shown === null ? {} : { authorization: headerOf(shown) } }),
  )

const bySubprotocol = (url: string, shown: Shown | null): Promise<string> => {
  const token =
    shown !== null && 'token' in shown ? [`sluice.token.${Buffer.from(shown.token).toString('base64url')}`] : []
  return tried(
    RawClient.open(url, [...token, SUBPROTOCOL_MSGPACK]).then((client) => {
      if (client.socket.protocol !== SUBPROTOCOL_MSGPACK) throw new Error(`chosen: ${client.socket.protocol}`)
      return client
    }),
  )
}

async function byFrame(url: string, shown: Shown | null): Promise<string> {
  const client = await RawClient.open(url)
  if (shown === null) return tried(Promise.resolve(client))
  const code = await auth(client, shown)
  if (code === 0) return tried(Promise.resolve(client))
  const closed = await client.untilClosed()
  return closed.code === code ? codeName(code) : `${closed.code} after ${code}`
}

async function byPost(sender: Http1Sender | Http2Sender, shown: Shown | null): Promise<string> {
  const headers = { 'content-type': 'application/json', ...(shown !== null && { authorization: headerOf(shown) }) }
  const { status } = await sender.post('/v1/topics/a', headers, ['1'])
  sender.close()
  return status === 202 ? 'in' : String(status)
}

async function byStream(url: string, shown: Shown | null): Promise<string> {
  const stop = new AbortController()
  const headers = shown === null ? {} : { authorization: headerOf(shown) }
  const { status } = await fetch(`${url.replace(/^ws/, 'http')}/v1/events?topic=a`, { headers, signal: stop.signal })
  stop.abort()
  return status === 200 ? 'in' : String(status)
}

async function byConnect(url: string, shown: Shown | null): Promise<string> {
  const session: ClientHttp2Session = connectHttp2(url)
  try {
    await new Promise((resolve) => session.once('remoteSettings', resolve))
    const stream = session.request(
      {
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':path': '/',
        'sec-websocket-version': '13',
        'sec-websocket-protocol': SUBPROTOCOL_JSON,
        ...(shown !== null && { authorization: headerOf(shown) }),
      },
      { endStream: false },
    )
    stream.on('error', () => {})
    let status = 0
    let text = ''
    stream.on('response', (headers) => {
      status = Number(headers[':status'])
    })
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    await until('an answer', () => status !== 0)
    if (status !== 200) return String(status)
    await until('WELCOME', () => text.includes('"welcome"'))
    // ["sync",1] in one masked frame, with a key of zeros.
    const event = '["event","a",3,1]\n["sync",1]'
    stream.write(Buffer.concat([Buffer.from([0x81, 0x80 | event.length, 0, 0, 0, 0]), Buffer.from(event)]))
    await until('SYNCED', () => text.includes('"synced"'))
    return text.includes('["synced",1,1,0]') ? 'in' : (/unauthenticated|4528/.exec(text)?.[0] ?? text)
  } finally {
    session.destroy()
  }
}

async function byLibrary(url: string, shown: Shown | null): Promise<string> {
  try {
    const bus = await connect(url, { ...(shown as ConnectOptions) })
    bus.publish('a', 1)
    const { accepted } = await bus.sync()
    await bus.close()
    return accepted === 1 ? 'in' : 'unauthenticated'
  } catch (error) {
    return codeName((error as { code: number }).code)
  }
}

/** The way, what who shows nothing is told, and who shows what is wrong, by kind: at once or after a while. */
const WAYS: [name: string, way: Way, none: string, bad: RegExp][] = [
  ['header, uWebSockets.js', (d, s) => byHeader(d.url, s), 'unauthenticated', /^(401|bad_credentials|token_expired)$/],
  ['header, Node streams', (d, s) => byHeader(d.http2Url.replace('http', 'ws'), s), 'unauthenticated', /^401$/],
  ['header, WebSocket over HTTP/2', (d, s) => byConnect(d.http2Url, s), '4528', /^401$/],
  ['AUTH, uWebSockets.js', (d, s) => byFrame(d.url, s), 'unauthenticated', /^(bad_credentials|token_expired)$/],
  [
    'AUTH, Node streams',
    (d, s) => byFrame(d.http2Url.replace('http', 'ws'), s),
    'unauthenticated',
    /^(bad_credentials|token_expired)$/,
  ],
  ['HTTP/1.1 on uWebSockets.js', (d, s) => byPost(new Http1Sender(d.url), s), '401', /^401$/],
  ['HTTP/1.1 on Node streams', (d, s) => byPost(new Http1Sender(d.http2Url), s), '401', /^401$/],
  ['HTTP/2', (d, s) => byPost(new Http2Sender(d.http2Url), s), '401', /^401$/],
  ['server-sent events', (d, s) => byStream(d.url, s), '401', /^401$/],
  ['the library by WebSocket', (d, s) => byLibrary(d.url, s), 'unauthenticated', /^(bad_credentials|token_expired)$/],
  ['the library by HTTP/2', (d, s) => byLibrary(d.http2Url, s), 'unauthenticated', /^(bad_credentials|token_expired)$/],
]

t.test('every way in asks who somebody is', async (t) => {
  const { daemon } = await Secured.start(t, CONFIG)
  for (const [name, way, none, bad] of WAYS) {
    t.equal(await way(daemon, null), none, `${name}: nothing`)
    for (const kind of KINDS) {
      t.equal(await way(daemon, kind.good), 'in', `${name}: ${kind.name}`)
      t.match(await way(daemon, kind.bad), bad, `${name}: ${kind.name} that is wrong`)
    }
  }
  for (const url of [daemon.url, daemon.http2Url.replace('http', 'ws')]) {
    t.equal(await bySubprotocol(url, { token: STATIC }), 'in')
    t.equal(await bySubprotocol(url, KINDS[2].good), 'in')
    t.match(await bySubprotocol(url, { token: 'another-token-of-nobody' }), /^401$/)
    t.equal(await tried(RawClient.open(`${url}/?token=${STATIC}`)), '400', 'not in the address')
    const origin = { headers: { origin: 'https://evil.example', authorization: headerOf({ token: STATIC }) } }
    t.equal(await tried(RawClient.open(url, [SUBPROTOCOL_MSGPACK], origin)), '403')
  }
})

t.test('a bus whose tokens end goes on with the next ones', async (t) => {
  const { daemon } = await Secured.start(t, CONFIG)
  const follow = async (url: string) => {
    let asked = 0
    const token = (): Promise<string> => {
      asked++
      return issuer.token({ exp: now() + 3, jti: `renewed-${asked}` })
    }
    const statuses: string[] = []
    const bus = await connect(url, { token, onStatus: ({ type }) => statuses.push(type) })
    await until('the first token has ended', () => asked >= 3)
    bus.publish('a', 1)
    t.same(await bus.sync(), { accepted: 1, refused: 0, dropped: 0 })
    t.notOk(statuses.includes('closed'))
    await bus.close()
  }
  await Promise.all([daemon.url, daemon.http2Url].map(follow))
})

t.test('a stream ends with its token, unless its reader has come back with another', async (t) => {
  const { daemon } = await Secured.start(t, CONFIG)
  const open = async (id = ''): Promise<ReadableStreamDefaultReader<string>> => {
    const token = await issuer.token({ exp: now() + (id === '' ? 2 : 3600) })
    const headers = { authorization: `Bearer ${token}`, ...(id !== '' && { 'last-event-id': id }) }
    const { body } = await fetch(`${daemon.http2Url}/v1/events?topic=a`, { headers })
    return (body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream() as never).getReader() as never
  }
  const readUntil = async (reader: ReadableStreamDefaultReader<string>, what: RegExp): Promise<string> => {
    for (let text = ''; ; ) {
      const { value, done } = await reader.read()
      text += value ?? ''
      if (what.test(text)) return text
      if (done) throw new Error(`ended before ${what}: ${text}`)
    }
  }
  const [stays, ends] = [await open(), await open()]
  const id = /^id: (\S+)$/m.exec(await readUntil(stays, /^id: \S+$/m))?.[1] as string
  await stays.cancel()
  const again = await open(id)
  await readUntil(ends, /"error",0,4009/)
  const sender = new Http1Sender(daemon.url)
  await sender.post('/v1/topics/a', { authorization: headerOf({ token: STATIC }) }, ['still there'])
  t.notMatch(await readUntil(again, /"event","a"/), /"gap"|"error"/)
  await again.cancel()
})

t.test('commands say who asks', async (t) => {
  const { daemon } = await Secured.start(t, CONFIG)
  const token = files.write('token', `${STATIC}\n`)
  const run = async (words: string[], env: Record<string, string> = {}) => {
    const { code, stderr } = await Command.run(t, ['pub', 'a', '1', '--url', daemon.url, ...words], '', { env })
    return { code, said: stderr }
  }
  t.equal((await run(['--token-file', token])).code, 0)
  t.equal((await run([], { SLUICE_TOKEN: STATIC })).code, 0)
  t.equal((await run(['--user', 'ann'], { SLUICE_PASSWORD: 'secret' })).code, 0)
  const wrong = await run(['--user', 'ann'], { SLUICE_PASSWORD: 'guess' })
  t.equal(wrong.code, 1)
  t.match(wrong.said, /does not let you in: these credentials are not accepted/)
  t.match((await run([])).said, /say first who you are/)
})
