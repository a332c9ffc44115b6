import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { wireNamed } from '../wires/index.js'
import type { Wire, WireName } from '../wires/wire.js'
import type { FlowSpec } from './job.js'
import { answerAll } from './null-http.js'
import { DeliveryBook } from './receiver.js'
import { acceptOf, serverMessage } from './websocket.js'

/**
 * What the generator's own ceiling is measured against, in a process where the subject would be: one port reads and
 * discards, one sends deliveries that were encoded beforehand, and one answers HTTP requests without looking into them, as a subject would
 * that had nothing to think about.
 */
const CHUNK_BYTES = 256 * 1024
/** Deliveries of one WebSocket message: subjects coalesce what is ready, so the ceiling is taken with as many. */
const BATCH = 64

export interface CertificateFiles {
  certificate: string
  key: string
}

export interface NullRequest {
  wire: WireName
  /** Null: requests are answered, there are no deliveries. */
  flow: FlowSpec | null
  tls: CertificateFiles | null
}

export interface NullPorts {
  sinkPort: number
  blastPort: number
  httpPort: number
}

process.once('message', async ({ wire, flow, tls }: NullRequest) => {
  const bytes = flow === null ? Buffer.alloc(0) : deliveriesOf(wire, flow)
  const upgrades = wireNamed(wire).carrier === 'websocket'
  const ports: NullPorts = {
    sinkPort: await listen(server(tls, discard)),
    blastPort: await listen(server(tls, (socket) => blast(socket, bytes, upgrades))),
    httpPort: await listen(server(tls, answerAll)),
  }
  process.send!(ports)
})
process.on('disconnect', () => process.exit())

function server(tls: CertificateFiles | null, serve: (socket: Socket) => void): Server {
  const withErrors = (socket: Socket) => {
    socket.on('error', ignore)
    serve(socket)
  }
  if (tls === null) return createServer({ noDelay: true }, withErrors)
  return createTlsServer({ cert: readFileSync(tls.certificate), key: readFileSync(tls.key) }, withErrors)
}

function discard(socket: Socket): void {
  socket.on('data', ignore)
}

/** All streams of the first subscriber, a batch of each in turn. */
function deliveriesOf(name: WireName, flow: FlowSpec): Buffer {
  const wire = wireNamed(name)
  const book = new DeliveryBook(wire, flow)
  const { streams, patterns } = flow.subscribers[0]
  const messages: Uint8Array[] = []
  for (let first = 0; first < flow.cycleEvents; first += BATCH) {
    streams.forEach((stream, i) => {
      const { bytes, recordBytes } = book.of(stream, patterns[Math.min(i, patterns.length - 1)])
      const batch = bytes.subarray(first * recordBytes, (first + BATCH) * recordBytes)
      messages.push(...messagesOf(wire, batch, recordBytes))
    })
  }
  return Buffer.concat(messages)
}

function messagesOf(wire: Wire, batch: Buffer, recordBytes: number): Uint8Array[] {
  if (wire.carrier !== 'websocket') return [batch]
  if (wire.framesItself !== true) return [serverMessage([batch])]
  const events = Array.from({ length: BATCH }, (_, i) => batch.subarray(i * recordBytes, (i + 1) * recordBytes))
  return events.map((event) => serverMessage([event]))
}

/** Begins when it is told to: before that, a generator with a thousand connections is still opening them. */
function blast(socket: Socket, bytes: Buffer, upgrades: boolean): void {
  if (!upgrades) socket.once('data', () => send(socket, bytes))
  else {
    socket.once('data', (request) => {
      socket.write(upgradeAnswer(request.toString('latin1')))
      socket.once('data', () => send(socket, bytes))
    })
  }
}

function upgradeAnswer(request: string): string {
  const key = /^Sec-WebSocket-Key: (\S+)/im.exec(request)?.[1] ?? ''
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`
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
  socket.on('data', ignore)
  write()
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
}

function ignore(): void {}
