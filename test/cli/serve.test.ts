import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import WebSocket from 'ws'
import { connect } from '../../src/client/index.js'
import { SUBPROTOCOL_MSGPACK } from '../../src/protocol/ops.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { Command } from '../helpers/command.js'
import { until } from '../helpers/until.js'

const FREE_PORTS = ['--listen.port', '0', '--http2.port', '0', '--admin.port', '0', '--log.level', 'silent']

/** Resolves with the URL once the daemon says that it is ready. */
async function ready(daemon: Command): Promise<string> {
  await until('the ready line', () => daemon.stdout.includes(' ready: '))
  return / ready: (ws:\S+) /.exec(daemon.stdout)?.[1] as string
}

t.test('one line says where it listens; SIGTERM and SIGINT drain, exit code 0', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const daemon = Command.start(t, ['serve', '--config', 'none', ...FREE_PORTS])
    const url = await ready(daemon)
    t.match(
      daemon.stdout,
      /^sluice \d+\.\d+\.\d+ ready: ws:\/\/127\.0\.0\.1:\d+ · http2 http:\/\/127\.0\.0\.1:\d+ · admin http:\/\/127\.0\.0\.1:\d+ · engine .+ · pid \d+\n$/,
    )
    t.match(daemon.stdout, `pid ${daemon.child.pid}\n`)
    const bus = await connect(url)
    bus.publish('a', 1)
    t.equal((await bus.sync()).accepted, 1)
    await bus.close()
    daemon.signal(signal)
    t.same(await daemon.exited, { code: 0, signal: null }, signal)
  }
})

t.test('the second signal ends it at once', async (t) => {
  const patience = ['--shutdown.goaway_spread', '60s', '--shutdown.drain_timeout', '60s']
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const daemon = Command.start(t, ['serve', '--config', 'none', ...FREE_PORTS, ...patience])
    const chatter = new Chatter(await ready(daemon))
    t.teardown(() => chatter.stop())
    await until('the welcome', () => chatter.messages === 1)
    daemon.signal(signal)
    await until('the goodbye', () => chatter.messages === 2)
    daemon.signal(signal)
    t.same(await daemon.exited, { code, signal: null })
  }
})

/** A client that does not leave when it is told to, so that a drain takes its time. */
class Chatter {
  messages = 0
  private readonly socket: WebSocket
  private readonly timer: NodeJS.Timeout

  constructor(url: string) {
    this.socket = new WebSocket(url, SUBPROTOCOL_MSGPACK)
    this.socket.on('message', () => this.messages++)
    this.socket.on('error', () => {})
    const event = encodeEvent('chat', 3, Uint8Array.of(1))
    this.timer = setInterval(() => {
      if (this.socket.readyState === WebSocket.OPEN) this.socket.send(event)
    }, 10)
  }

  stop(): void {
    clearInterval(this.timer)
    this.socket.terminate()
  }
}

t.test('file, environment and options', async (t) => {
  const file = join(t.testdir({ 'own.toml': '[admin]\nenabled = false\n[listen]\nport = 1\n' }), 'own.toml')
  const daemon = Command.start(t, ['serve', file, '--listen.port=0'], { env: { SLUICE_LOG_LEVEL: 'silent' } })
  await ready(daemon)
  t.match(daemon.stdout, '· no admin port ·')
})

t.test('a wrong configuration starts nothing', async (t) => {
  const daemon = await Command.run(t, ['serve', '--config', 'none', '--listen.prot', '1', '--log.level', 'loud'])
  t.equal(daemon.code, 2)
  t.equal(daemon.stdout, '')
  t.match(daemon.stderr, '--listen.prot: unknown flag; did you mean --listen.port?\n')
  t.match(daemon.stderr, '--log.level: expected one of')
})

t.test('a port in use is one sentence, exit code 1', async (t) => {
  const server = createServer()
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
  t.teardown(() => server.close())
  const daemon = await Command.run(t, ['serve', '--config', 'none', ...FREE_PORTS, '--listen.port', `${port}`])
  t.equal(daemon.code, 1)
  t.equal(daemon.stdout, '')
  t.match(daemon.stderr, /^sluice: .+\n$/)
  t.match(daemon.stderr, 'listen.port')
})

t.test('a daemon whose log nobody reads any more drains all the same', async (t) => {
  const daemon = Command.start(t, ['serve', '--config', 'none', ...FREE_PORTS.slice(0, -2)])
  await ready(daemon)
  daemon.child.stdout?.destroy()
  daemon.child.kill('SIGTERM')
  t.equal((await daemon.exited).code, 0)
})
