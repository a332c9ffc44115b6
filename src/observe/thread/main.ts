import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { ThreadStart } from '../messages.js'
import { lowerPriority } from './priority.js'
import { AdminServer } from './server.js'

// The port is opened before all else is loaded: the daemon's start waits for it, and nobody asks before that.
const start = workerData as ThreadStart
const port = parentPort as MessagePort
const { admin } = start.settings

lowerPriority()
const server = admin === null ? null : new AdminServer(admin)
try {
  port.postMessage({ kind: 'open', port: server === null ? 0 : await server.listen() })
  const { ObserverThread } = await import('./thread.js')
  new ObserverThread(start, port, server).run()
} catch (error) {
  port.postMessage({ kind: 'closed', message: (error as Error).message })
  port.close()
}
