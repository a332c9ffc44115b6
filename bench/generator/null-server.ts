import { createServer, type Server, type Socket } from 'node:net'
import { wireNamed } from '../wires/index.js'
import type { WireName } from '../wires/wire.js'
import type { FlowSpec } from './job.js'
import { DeliveryBook } from './receiver.js'
import { serverMessage } from './websocket.js'

/**
 * What the generator's own ceiling is measured against, in a process where the subject would be: one port reads and
 * discards, the other sends deliveries that were encoded beforehand, as a subject would that had nothing to think about.
 */
const CHUNK_BYTES = 256 * 1024
/** Deliveries of one WebSocket message: subjects coalesce what is ready, so the ceiling is taken with as many. */
const BATCH = 64

export interface NullRequest {
  wire: WireName
  flow: FlowSpec
}

export interface NullPorts {
  sinkPort: number
  blastPort: number
}

process.once('message', async (request: NullRequest) => {
  const sink = createServer({ noDelay: true }, discard)
  const bytes = deliveriesOf(request)
  const blast = createServer({ noDelay: true }, (socket) => send(socket, bytes))
  const ports: NullPorts = { sinkPort: await listen(sink), blastPort: await listen(blast) }
  process.send!(ports)
})
process.on('disconnect', () => process.exit())

function discard(socket: Socket): void {
  socket.on('error', ignore)
  socket.on('data', ignore)
}

/** All streams of the first subscriber, a batch of each in turn. */
function deliveriesOf({ wire: name, flow }: NullRequest): Buffer {
  const wire = wireNamed(name)
  const book = new DeliveryBook(wire, flow)
  const { streams, patterns } = flow.subscribers[0]
  const messages: Uint8Array[] = []
  for (let first = 0; first < flow.cycleEvents; first += BATCH) {
    streams.forEach((stream, i) => {
      const { bytes, recordBytes } = book.of(stream, patterns[Math.min(i, patterns.length - 1)])
      const batch = bytes.subarray(first * recordBytes, (first + BATCH) * recordBytes)
      messages.push(wire.webSocket ? serverMessage([batch]) : batch)
    })
  }
  return Buffer.concat(messages)
}

function send(socket: Socket, bytes: Buffer): void {
  let pos = 0
  // A turn of the loop between writes: other sockets are served, and a closed one is noticed.
  const later = () => setImmediate(write)
  const write = () => {
    if (socket.destroyed) return
    const end = Math.min(bytes.length, pos + CHUNK_BYTES)
    const taken = socket.write(bytes.subarray(pos, end))
    pos = end === bytes.length ? 0 : end
    if (taken) later()
    else socket.once('drain', later)
  }
  socket.on('error', ignore)
  // Begins when it is told to: before that, a generator with a thousand connections is still opening them.
  socket.once('data', write)
  socket.on('data', ignore)
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
}

function ignore(): void {}
