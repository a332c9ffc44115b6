import { type AddressInfo, connect as connectPlain, createServer } from 'node:net'
import { connect } from 'node:tls'
import t from 'tap'
import type { TlsMeters } from '../../../src/ingress/tls/options.js'
import { makeCertificate, opensslMissing } from '../../helpers/certificates.js'
import { EchoPort, loadTls, visit } from '../../helpers/tls.js'
import { until } from '../../helpers/until.js'

const skip = { skip: opensslMissing }
const STORM = 500

interface Teardown {
  teardown(run: () => unknown): void
}

/** Counts, for each turn of the loop, the handshakes begun in it; the loop's timers and immediates of others must go on meanwhile. */
class Turns {
  turns = 0
  ticks = 0
  startsMax = 0
  underWayMax = 0
  private starts = 0
  private isOver = false

  constructor(meters: TlsMeters) {
    let underWay = meters.underWay
    Object.defineProperty(meters, 'underWay', {
      get: () => underWay,
      set: (value: number) => {
        if (value > underWay) this.starts++
        underWay = value
        this.startsMax = Math.max(this.startsMax, this.starts)
        this.underWayMax = Math.max(this.underWayMax, underWay)
      },
    })
    const turn = (): void => {
      this.turns++
      this.starts = 0
      if (!this.isOver) setImmediate(turn)
    }
    setImmediate(turn)
    const timer = setInterval(() => {
      this.ticks++
      if (this.isOver) clearInterval(timer)
    }, 1)
  }

  end(): void {
    this.isOver = true
  }
}

t.test('a storm of connections is taken a few per turn of the loop', skip, async (t) => {
  const { tls, meters } = loadTls(t, makeCertificate(t, { kind: 'rsa' }), {
    handshakesMax: 8,
    handshakeTimeoutMs: 120_000,
  })
  const { port, secured } = await EchoPort.open(t, tls)
  const turns = new Turns(meters)
  const sockets = Array.from({ length: STORM }, () => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    t.teardown(() => socket.destroy())
    socket.on('error', t.error)
    return socket
  })
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('secureConnect', resolve))))
  turns.end()
  await until('all are through', () => secured.length === STORM)
  t.equal(meters.handshakes.get('node 1.3 full'), STORM)
  t.equal(meters.failed.size, 0)
  t.ok(turns.underWayMax <= 8, `${turns.underWayMax} at a time`)
  // By far more than any machine signs with RSA-2048 in a millisecond.
  t.ok(turns.startsMax <= 20, `${turns.startsMax} in a turn`)
  t.ok(turns.turns >= STORM / 20, `${turns.turns} turns`)
  t.ok(turns.ticks >= 10, `a timer ran ${turns.ticks} times meanwhile`)
})

/** What a client says first. */
async function someHello(t: Teardown): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  const hello = new Promise<Buffer>((resolve) =>
    server.once('connection', (socket) => socket.on('error', () => {}).once('data', resolve)),
  )
  await until('it listens', () => server.listening)
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' })
  client.on('error', () => {})
  const bytes = await hello
  client.destroy()
  return bytes
}

t.test('who begins and then says nothing loses the place when another wants it', skip, async (t) => {
  const hello = await someHello(t)
  const { tls, meters } = loadTls(t, makeCertificate(t), { handshakesMax: 1 })
  const { port } = await EchoPort.open(t, tls, { slowMs: 200 })
  const slow = connectPlain({ port, host: '127.0.0.1' })
  t.teardown(() => slow.destroy())
  slow.on('error', () => {}).write(hello)
  await until('it has the place', () => meters.underWay === 1)
  t.equal((await visit(t, port)).socket.getProtocol(), 'TLSv1.3')
  t.same([...meters.failed], [['overload', 1]])
})

t.test('what waits is bounded: who says nothing goes first, then who came last', skip, async (t) => {
  const hello = await someHello(t)
  const { tls, meters } = loadTls(t, makeCertificate(t), { handshakesMax: 1 })
  const { port, gate } = await EchoPort.open(t, tls, { waitingMax: 3, slowMs: 60_000 })
  const closed: string[] = []
  const open = async (name: string, bytes: Uint8Array): Promise<void> => {
    const before = gate.size + closed.length
    const socket = connectPlain({ port, host: '127.0.0.1' })
    t.teardown(() => socket.destroy())
    socket.on('error', () => {}).once('close', () => closed.push(name))
    if (bytes.length > 0) socket.write(bytes)
    await until(`${name} has come`, () => gate.size + closed.length === before + 1)
  }
  await open('the one under way', hello)
  await until('it has the place', () => meters.underWay === 1)
  await open('silent', new Uint8Array())
  await open('first', hello)
  await open('second', hello)
  await open('third', hello)
  t.same(closed, ['silent'])
  await until('all hellos are there', () => meters.waiting === 3)
  await open('fourth', hello)
  await until('it is cut', () => closed.length === 2)
  t.same(closed, ['silent', 'fourth'])
  t.same([...meters.failed], [['overload', 2]])
})

t.test('what those who wait have sent is bounded, too', skip, async (t) => {
  const { tls, meters } = loadTls(t, makeCertificate(t))
  const { port } = await EchoPort.open(t, tls, { waitingBytesMax: 1000 })
  const closed: number[] = []
  for (let index = 0; index < 3; index++) {
    const socket = connectPlain({ port, host: '127.0.0.1' })
    t.teardown(() => socket.destroy())
    socket.on('error', () => {}).once('close', () => closed.push(index))
    // The beginning of a record of 4 KiB.
    socket.write(Buffer.concat([Uint8Array.of(0x16, 3, 1, 0x10, 0), Buffer.alloc(395)]))
    await until('it is there', () => meters.waiting + closed.length === index + 1)
  }
  await until('the last is cut', () => closed.length === 1)
  t.same(closed, [2])
  t.same([...meters.failed], [['overload', 1]])
})
