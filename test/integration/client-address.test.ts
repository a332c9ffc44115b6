import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { connect as connectSecure } from 'node:tls'
import t, { type Test } from 'tap'
import { makeCertificate, opensslMissing } from '../helpers/certificates.js'
import { daemonHere } from '../helpers/daemon.js'
import { PROXY_SIGNATURE, proxyHeader, proxyHeaderFor } from '../helpers/proxy-header.js'
import { until } from '../helpers/until.js'
import { uwsMissing } from '../helpers/uws-ingress.js'
import { upgradeLines } from '../helpers/ws-socket.js'

/** The proxy of these tests, and a machine that is none. */
const PROXY = '127.0.0.1'
const STRANGER = '127.0.0.2'
const CLIENT = '198.51.100.7'

type Here = Awaited<ReturnType<typeof daemonHere>>

const portOf = (url: string): number => Number(new URL(url).port)

function dial(t: Test, port: number, localAddress: string): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  return socket
}

/** Opens a WebSocket on what a socket is by now. */
async function upgrade(
  socket: Socket,
  more: readonly string[] = [],
  before: Uint8Array = new Uint8Array(0),
): Promise<void> {
  let received = ''
  socket.on('data', (data: Buffer) => {
    received += data.toString('latin1')
  })
  socket.write(Buffer.concat([before, Buffer.from([...upgradeLines(), ...more, '', ''].join('\r\n'))]))
  await until('101', () => received.startsWith('HTTP/1.1 101'))
}

/** Addresses of all sessions, as operators see them. */
async function addressesOf(daemon: Here): Promise<string[]> {
  const response = await fetch(`${daemon.adminUrl}/connections`)
  const page = (await response.json()) as { connections: { address: string }[] }
  return page.connections.map(({ address }) => address)
}

async function onlyAddress(t: Test, daemon: Here, expected: string | RegExp, why: string): Promise<void> {
  await until('the session', async () => (await addressesOf(daemon)).length === 1)
  t.match((await addressesOf(daemon))[0], expected, why)
}

async function gone(daemon: Here, socket: Socket): Promise<void> {
  socket.destroy()
  await until('it is gone', async () => (await daemon.scrape()).get('sluice_sessions') === 0)
}

t.setTimeout(60_000)

t.test('X-Forwarded-For is believed of trusted proxies only, and only what they wrote', async (t) => {
  const daemon = await daemonHere(t, { 'security.trusted_proxies': `${PROXY},10.0.0.0/8` })
  const ports = [
    ["Node's streams", portOf(daemon.http2Url)],
    ...(uwsMissing === false ? [['uWebSockets.js', portOf(daemon.url)] as const] : []),
  ] as const
  for (const [engine, port] of ports) {
    for (const [from, lines, expected] of [
      [PROXY, [`X-Forwarded-For: ${CLIENT}`], CLIENT],
      [PROXY, [`X-Forwarded-For: 203.0.113.1, ${CLIENT}`], CLIENT],
      [PROXY, ['X-Forwarded-For: 203.0.113.1', `X-Forwarded-For: ${CLIENT}, 10.1.1.1`], CLIENT],
      [PROXY, ['X-Forwarded-For: nonsense'], /^127\.0\.0\.1/],
      [PROXY, [], /^127\.0\.0\.1/],
      [PROXY, [`X-Real-IP: ${CLIENT}`, `Forwarded: for=${CLIENT}`], /^127\.0\.0\.1/],
      [STRANGER, [`X-Forwarded-For: ${CLIENT}`], /^127\.0\.0\.2/],
    ] as const) {
      const socket = dial(t, port, from)
      await upgrade(socket, lines)
      await onlyAddress(t, daemon, expected, `${engine}: ${lines.join(' · ')} from ${from}`)
      await gone(daemon, socket)
    }
  }
})

t.test('clients behind a proxy count each for itself; nobody takes the places of another', async (t) => {
  const daemon = await daemonHere(t, {
    'security.trusted_proxies': PROXY,
    'limits.connections_per_address': '1',
  })
  for (const port of [portOf(daemon.http2Url), portOf(daemon.url)]) {
    const [first, second, other] = [dial(t, port, PROXY), dial(t, port, PROXY), dial(t, port, PROXY)]
    await upgrade(first, [`X-Forwarded-For: ${CLIENT}`])
    await upgrade(other, ['X-Forwarded-For: 198.51.100.8'])
    // A stranger who says to be that client takes nothing from it.
    const stranger = dial(t, port, STRANGER)
    await upgrade(stranger, [`X-Forwarded-For: ${CLIENT}`])
    await upgrade(second, [`X-Forwarded-For: ${CLIENT}`])
    await until('one too many of that client', () => second.destroyed || second.readableEnded)
    for (const socket of [first, other, stranger]) t.notOk(socket.destroyed)
    for (const socket of [first, other, stranger, second]) socket.destroy()
    await until('all are gone', async () => (await daemon.scrape()).get('sluice_sessions') === 0)
  }
})

t.test('the PROXY protocol', { skip: opensslMissing }, async (t) => {
  const { certificateFile, keyFile } = makeCertificate(t, { kind: 'ec' })
  const daemon = await daemonHere(t, {
    'security.proxy_protocol': 'true',
    'security.trusted_proxies': PROXY,
    'tls.certificate': certificateFile,
    'tls.key': keyFile,
    'http2.header_timeout': '1s',
    'limits.connections_per_address': '2',
  })
  t.equal(daemon.engine, 'Node streams', 'uWebSockets.js would take a header of anybody')
  const port = portOf(daemon.url)
  const header = proxyHeaderFor(CLIENT, 4711)

  await t.test('names the client, however it is cut', async (t) => {
    for (const cut of [0, 1, 12, 15, header.length - 1, header.length]) {
      const socket = dial(t, port, PROXY)
      socket.setNoDelay(true)
      socket.write(header.subarray(0, cut))
      await new Promise((resolve) => setImmediate(resolve))
      await upgrade(socket, [], header.subarray(cut))
      await onlyAddress(t, daemon, `${CLIENT}:4711`, `cut at ${cut}`)
      await gone(daemon, socket)
    }
  })

  await t.test('of IPv6, with extensions, and in front of TLS', async (t) => {
    const raw = dial(t, portOf(daemon.httpsUrl), PROXY)
    raw.write(proxyHeaderFor('2001:0db8:0:0:0:0:0:1', 99, Buffer.from([4, 0, 2, 1, 2])))
    const socket = connectSecure({ socket: raw, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
    socket.on('error', () => {})
    await upgrade(socket)
    await onlyAddress(t, daemon, '[2001:db8::1]:99', 'TLS')
    await gone(daemon, socket)
  })

  await t.test('of a proxy that speaks for itself', async (t) => {
    const socket = dial(t, port, PROXY)
    await upgrade(socket, [], proxyHeader({ command: 0x20 }))
    await onlyAddress(t, daemon, /^127\.0\.0\.1:/, 'LOCAL')
    await gone(daemon, socket)
  })

  await t.test('is not taken from anybody else, nor twice', async (t) => {
    const stranger = dial(t, port, STRANGER).resume()
    stranger.write(Buffer.concat([header, Buffer.from([...upgradeLines(), '', ''].join('\r\n'))]))
    await until('its end', () => stranger.destroyed)
    const twice = dial(t, port, PROXY).resume()
    twice.write(
      Buffer.concat([header, proxyHeaderFor('203.0.113.1', 1), Buffer.from([...upgradeLines(), '', ''].join('\r\n'))]),
    )
    await until('its end', () => twice.destroyed)
    const honest = dial(t, port, STRANGER)
    await upgrade(honest)
    await onlyAddress(t, daemon, /^127\.0\.0\.2:/, 'without a proxy, no header is needed')
    await gone(daemon, honest)
  })

  await t.test('is missed where it has to be: no header, another one, half of one', async (t) => {
    const before = (await daemon.scrape()).get('sluice_hostile_connections_total', 'reason', 'proxy_header')
    const none = dial(t, port, PROXY).resume()
    none.write([...upgradeLines(), '', ''].join('\r\n'))
    const one = dial(t, port, PROXY).resume()
    one.write('PROXY TCP4 198.51.100.7 127.0.0.1 4711 7400\r\n')
    const half = dial(t, port, PROXY).resume()
    half.write(PROXY_SIGNATURE)
    await until('their ends', () => none.destroyed && one.destroyed && half.destroyed)
    const scraped = await daemon.scrape()
    t.equal(scraped.get('sluice_hostile_connections_total', 'reason', 'proxy_header') - before, 2)
    t.ok(scraped.get('sluice_hostile_connections_total', 'reason', 'head_timeout') >= 1, 'half of one has its time')
    t.equal(scraped.get('sluice_sessions'), 0)
  })

  await t.test('whoever it names counts, not the proxy', async (t) => {
    const open = async (address: string): Promise<Socket> => {
      const socket = dial(t, port, PROXY)
      await upgrade(socket, [], proxyHeaderFor(address, 1))
      return socket
    }
    const sockets = [await open(CLIENT), await open(CLIENT), await open('198.51.100.8')]
    const third = await open(CLIENT)
    await until('its end', () => third.destroyed || third.readableEnded)
    for (const socket of sockets) t.notOk(socket.destroyed)
    for (const socket of sockets) socket.destroy()
  })
})

t.test('without it, a header of the PROXY protocol moves nobody, on any engine', async (t) => {
  const daemon = await daemonHere(t, { 'security.trusted_proxies': PROXY })
  for (const port of [portOf(daemon.http2Url), portOf(daemon.url)]) {
    for (const from of [PROXY, STRANGER]) {
      const socket = dial(t, port, from)
      socket.write(Buffer.concat([proxyHeaderFor(CLIENT, 1), Buffer.from([...upgradeLines(), '', ''].join('\r\n'))]))
      let received = ''
      socket.on('data', (data: Buffer) => {
        received += data.toString('latin1')
      })
      await until('an answer or an end', () => socket.destroyed || received.includes('\r\n\r\n'))
      if (received.startsWith('HTTP/1.1 101')) {
        await onlyAddress(t, daemon, new RegExp(`^${from.replaceAll('.', '\\.')}`), 'uWebSockets.js skips it')
      }
      await gone(daemon, socket)
    }
  }
})

t.test('an HTTP request of a client behind a proxy', async (t) => {
  const daemon = await daemonHere(t, { 'security.trusted_proxies': PROXY })
  for (const url of [daemon.http2Url, daemon.url.replace('ws', 'http')]) {
    const asked = request(`${url}/v1/events?topic=a`, { headers: { 'x-forwarded-for': CLIENT } })
    asked.on('error', () => {})
    asked.end()
    t.teardown(() => asked.destroy())
  }
  await until('both', async () => (await addressesOf(daemon)).length === 2)
  t.same(await addressesOf(daemon), [CLIENT, CLIENT])
})
