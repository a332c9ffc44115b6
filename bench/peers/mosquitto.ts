import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Subject } from '../subjects/subject.js'
import { freePort, startServer } from './server.js'

/** Debian puts it where only root's PATH looks. */
const COMMANDS = ['mosquitto', '/usr/sbin/mosquitto']

/** Without the limits that make it drop events of QoS 0 while a subscriber is behind. */
const CONFIG = [
  'allow_anonymous true',
  'persistence false',
  'set_tcp_nodelay true',
  'max_queued_messages 0',
  'max_queued_bytes 0',
  'max_inflight_messages 0',
]

export const mosquitto: Subject = {
  name: 'mosquitto',
  label: 'mosquitto (MQTT, QoS 0)',
  wire: 'mqtt',
  settings: CONFIG.join(', '),

  probe() {
    const found = commandFound()
    if (found === null) return { absent: 'mosquitto is not installed (Debian: apt install mosquitto)' }
    return { version: found.version }
  },

  async start({ core }) {
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
    const config = join(folder, 'mosquitto.conf')
    writeFileSync(config, `listener ${port} 127.0.0.1\n${CONFIG.join('\n')}\n`)
    const server = await startServer(core, commandFound()!.command, port, ['-c', config])
    return {
      ...server,
      stop: async () => {
        await server.stop()
        rmSync(folder, { recursive: true })
      },
    }
  },
}

function commandFound(): { command: string; version: string } | null {
  for (const command of COMMANDS) {
    // Its help begins with its version; there is no option for that alone.
    const { stdout } = spawnSync(command, ['-h'], { encoding: 'utf8' })
    const version = /^mosquitto version \S+/m.exec(stdout ?? '')
    if (version !== null) return { command, version: version[0] }
  }
  return null
}
