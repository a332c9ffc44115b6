import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Subject } from '../subjects/subject.js'
import { freePort, startServer, versionOf } from './server.js'

const COMMAND = 'nats-server'
const PACKAGE = 'nats-server'

export const natsTcp: Subject = {
  name: 'nats',
  label: 'nats-server (TCP)',
  wire: 'nats',
  settings: 'defaults',
  probe: () => versionOf(COMMAND, PACKAGE),

  async start({ core }) {
    const port = await freePort()
    return startServer(core, COMMAND, port, ['--addr', '127.0.0.1', '--port', String(port)])
  },
}

export const natsWebSocket: Subject = {
  name: 'nats-websocket',
  label: 'nats-server (WebSocket)',
  wire: 'nats-websocket',
  settings: 'defaults; WebSocket listener without TLS and without compression',
  probe: () => versionOf(COMMAND, PACKAGE),

  async start({ core }) {
    const [port, tcpPort] = [await freePort(), await freePort()]
    const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
    const config = join(folder, 'nats.conf')
    writeFileSync(
      config,
      `host: "127.0.0.1"\nport: ${tcpPort}\nwebsocket { host: "127.0.0.1", port: ${port}, no_tls: true }\n`,
    )
    const server = await startServer(core, COMMAND, port, ['--config', config])
    return {
      ...server,
      stop: async () => {
        await server.stop()
        rmSync(folder, { recursive: true })
      },
    }
  },
}
