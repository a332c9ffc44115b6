import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { FromThread, ThreadStart } from '../messages.js'
import { lowerPriority } from './priority.js'
import { AdminServer } from './server.js'

// The port is opened before all else is loaded: the daemon's start waits for it, and nobody asks before that.
const start = workerData as ThreadStart
const port = parentPort as MessagePort
const { admin } = start.settings

lowerPriority()
const server = admin === null ? null : new AdminServer(admin)
const opened: FromThread = server === null ? { kind: 'open', port: 0 } : await open(server)
port.postMessage(opened)
if (opened.kind === 'open') {
  const { ObserverThread } = await import('./thread.js')
  new ObserverThread(start, port, server).run()
}

function open(server: AdminServer): Promise<FromThread> {
  return server.listen().then(
    (port) => ({ kind: 'open', port }),
    (error: Error) => ({ kind: 'closed', message: error.message }),
  )
}
