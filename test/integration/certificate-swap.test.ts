import { connect } from 'node:tls'
import t from 'tap'
import WebSocket from 'ws'
import { SUBPROTOCOL_MSGPACK } from '../../src/protocol/ops.js'
import { makeCertificate, opensslMissing, replaceCertificate } from '../helpers/certificates.js'
import { DaemonProcess } from '../helpers/daemon.js'
import { until } from '../helpers/until.js'

const LIVE = 1000
/** Connecting so many at once fills the queue of a listening socket. */
const AT_ONCE = 100
const SERVERNAMES = ['localhost', 'elsewhere.example', '']

interface Crowd {
  readonly sockets: WebSocket[]
  closed: number
}

async function gather(url: string): Promise<Crowd> {
  const crowd: Crowd = { sockets: [], closed: 0 }
  while (crowd.sockets.length < LIVE) {
    const some = Array.from(
      { length: AT_ONCE },
      () => new WebSocket(url, SUBPROTOCOL_MSGPACK, { rejectUnauthorized: false }),
    )
    await Promise.all(
      some.map((socket) => new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))),
    )
    crowd.sockets.push(...some)
  }
  for (const socket of crowd.sockets) socket.on('error', () => {}).once('close', () => crowd.closed++)
  return crowd
}

/** Resolves when each of them has answered. */
function pinged({ sockets }: Crowd): Promise<unknown> {
  return Promise.all(
    sockets.map((socket) => {
      const answered = new Promise((resolve) => socket.once('pong', resolve))
      socket.ping()
      return answered
    }),
  )
}

function serialAt(port: number, servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber ?? '')
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

t.test(
  `${LIVE} connections on each port live through a swap of the certificate`,
  { skip: opensslMissing },
  async (t) => {
    const files = makeCertificate(t)
    const daemon = await DaemonProcess.start(t, {
      'tls.certificate': files.certificateFile,
      'tls.key': files.keyFile,
      'tls.watch': 'false',
      'listen.tls': 'true',
    })
    const urls = [daemon.url, daemon.httpsUrl.replace('https:', 'wss:')]
    const crowds: Crowd[] = []
    for (const url of urls) crowds.push(await gather(url))
    t.teardown(() => {
      for (const { sockets } of crowds) for (const socket of sockets) socket.terminate()
    })

    for (let swap = 0; swap < 2; swap++) {
      const other = makeCertificate(t)
      replaceCertificate(files, other)
      daemon.signal('SIGHUP')
      await until('the reload', () => daemon.logs.some(({ msg }) => msg.includes(`serial ${other.serial}`)))
      for (const url of urls) {
        const port = Number(new URL(url).port)
        await until(`the new one on ${url}`, async () => (await serialAt(port, 'localhost')) === other.serial)
        for (const servername of SERVERNAMES) {
          t.equal(await serialAt(port, servername), other.serial, `${url}, SNI "${servername}"`)
        }
      }
      await Promise.all(crowds.map(pinged))
      t.same(
        crowds.map(({ closed }) => closed),
        [0, 0],
      )
    }
    t.equal((await daemon.scrape()).get('sluice_tls_reloads_total'), 2)
  },
)
