import { once } from 'node:events'
import { connect } from 'node:tls'
import t from 'tap'
import { makeCertificate, opensslMissing } from '../helpers/certificates.js'
import { DaemonProcess } from '../helpers/daemon.js'
import {
  Flag,
  frame,
  hpack,
  PREFACE,
  RawHttp2,
  request,
  Setting,
  settings,
  Type,
  uint32,
} from '../helpers/http2-raw.js'
import { until } from '../helpers/until.js'

const TRIES = 40

const ping = frame(Type.PING, 0, 0, Buffer.alloc(8))
const body = (stream: number, text: string): Buffer => frame(Type.DATA, 0, stream, Buffer.from(text))

const WEBSOCKET: [string, string][] = [
  [':method', 'CONNECT'],
  [':protocol', 'websocket'],
  [':scheme', 'https'],
  [':path', '/'],
  [':authority', 'x'],
  ['sec-websocket-version', '13'],
]

t.setTimeout(60_000)

t.test(
  'a peer that opens no window, sends bodies that are answered while they come, and is gone before',
  { skip: opensslMissing },
  async (t) => {
    const { certificateFile, keyFile, certificate } = makeCertificate(t)
    const flags = { 'tls.certificate': certificateFile, 'tls.key': keyFile }
    const daemon = await DaemonProcess.start(t, flags)
    const port = Number(new URL(daemon.httpsUrl).port)
    for (let i = 0; i < TRIES && daemon.isRunning; i++) {
      const socket = connect({ host: '127.0.0.1', port, ca: certificate, ALPNProtocols: ['h2'] })
      const client = new RawHttp2(socket)
      await Promise.race([once(socket, 'secureConnect'), client.untilClosed()]).catch(() => {})
      client.send(
        PREFACE,
        settings([Setting.INITIAL_WINDOW_SIZE, 0]),
        request(1, { path: '/v1/openapi.json', endStream: false }),
        frame(Type.HEADERS, Flag.END_HEADERS, 3, hpack(WEBSOCKET)),
        frame(Type.WINDOW_UPDATE, 0, 3, uint32(1000)),
      )
      await until(
        'both heads, or the end',
        () =>
          client.isClosed ||
          [1, 3].every((id) => client.frames.some(({ type, stream }) => type === Type.HEADERS && stream === id)),
      )
      client.send(
        ping,
        body(1, 'x'),
        body(3, 'this is no frame of WebSocket'),
        ...Array.from({ length: 6 }, () => body(1, 'x')),
      )
      socket.destroy()
      await client.untilClosed()
    }
    t.ok(daemon.isRunning)
    t.equal(daemon.stderr, '')
    await until('nobody is left', async () => (await daemon.scrape()).sum('sluice_connections') === 0)
  },
)
