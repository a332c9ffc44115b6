import { tmpdir } from 'node:os'
import type { Subject } from '../subjects/subject.js'
import { freePort, startServer, versionOf } from './server.js'

const COMMAND = 'redis-server'

export const redis: Subject = {
  name: 'redis',
  label: 'redis-server',
  wire: 'redis',
  settings: 'defaults without persistence; publishers switch replies off (CLIENT REPLY OFF)',
  probe: () => versionOf(COMMAND, 'redis-server'),

  async start({ core, need }) {
    const port = await freePort()
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', tmpdir()]
    if (need.connectionsMax > 0) args.push('--maxclients', String(need.connectionsMax))
    return startServer(core, COMMAND, port, args)
  },
}
