import type { Connection } from '../generator/connection.js'
import type { Cycle, Deliveries } from '../generator/cycle.js'
import { openPublisher, openReceiver } from '../generator/setup.js'
import { CycleVerifier, type Verifier } from '../generator/verify.js'
import { wireNamed } from '../wires/index.js'
import type { Wire } from '../wires/wire.js'
import { CYCLE_EVENTS, deliveriesOf, publicationsOf, TOPIC } from './events.js'
import { type FromFar, REPORTS_A_WINDOW, type ToFar } from './far-protocol.js'
import type { ClientSpec, ClientTally } from './job.js'
import { SequenceVerifier } from './sequence-verifier.js'

/**
 * The other end of what a client library does, in a process of its own on the server's core: a raw socket, with all encoded beforehand, that costs the server's core little
 * and the client's nothing. It floods the client with events, or checks each byte of what the client has published.
 */
const READ_BYTES = 256 * 1024
const WRITE_BYTES = 64 * 1024
/** Deliveries that have not come when none has for so long are lost. */
const STILL_MS = 3000
const POLL_MS = 5

interface FarEnd {
  take(message: ToFar): void
}

function send(message: FromFar): void {
  process.send!(message)
}

function failed(error: unknown): void {
  send({ kind: 'failed', error: `the raw end: ${error instanceof Error ? error.message : String(error)}` })
}

/** Writes a cycle of publications over and over, as fast as the socket takes it and as the window allows. */
class Flood {
  /** Events handed to the socket. */
  sent = 0
  private received = 0
  private place = 0
  private isFull = false
  private isDue = false
  private isStopped = false
  private readonly bytesMax: number

  constructor(
    private readonly connection: Connection,
    private readonly cycle: Cycle,
    private readonly windowEvents: number,
  ) {
    const { messageBytes } = cycle
    this.bytesMax = Math.floor(WRITE_BYTES / messageBytes) * messageBytes
    connection.onDrain(() => {
      this.isFull = false
      this.goOn()
    })
  }

  /** So many have arrived at the client. */
  arrived(events: number): void {
    this.received = events
    this.goOn()
  }

  stop(): void {
    this.isStopped = true
  }

  /** One write a turn, so that reads are served between them. */
  readonly goOn = (): void => {
    if (this.isDue || this.isFull || this.isStopped || this.sent - this.received + this.cycle.batch > this.windowEvents)
      return
    this.isDue = true
    setImmediate(() => {
      this.isDue = false
      if (this.isStopped) return
      this.write()
      this.goOn()
    })
  }

  private write(): void {
    const { publications, messageBytes, batch } = this.cycle
    const end = Math.min(publications.length, this.place + this.bytesMax)
    this.isFull = !this.connection.write(publications.subarray(this.place, end))
    this.sent += ((end - this.place) / messageBytes) * batch
    this.place = end === publications.length ? 0 : end
  }
}

async function publisher({ target, client, windowEvents }: Extract<ToFar, { kind: 'begin' }>): Promise<FarEnd> {
  const wire = wireNamed(target.publish.wire)
  const connection = await openPublisher(target.publish, Buffer.allocUnsafeSlow(READ_BYTES))
  const flood = new Flood(connection, publicationsOf(wire, client), windowEvents)
  const stop = async (): Promise<void> => {
    flood.stop()
    await wire.sync(connection)
    send({ kind: 'published', events: flood.sent })
  }
  return {
    take(message) {
      if (connection.failure !== null) failed(connection.failure)
      else if (message.kind === 'publish') flood.goOn()
      else if (message.kind === 'received') flood.arrived(message.events)
      else if (message.kind === 'stop') stop().catch(failed)
    },
  }
}

async function receiver({ target, client, windowEvents }: Extract<ToFar, { kind: 'begin' }>): Promise<FarEnd> {
  const wire = wireNamed(target.wire)
  const spec = { patterns: [TOPIC], streams: [0] }
  const limits = { bytesMax: 0, eventsMax: 0 }
  const connection = await openReceiver(target, Buffer.allocUnsafeSlow(READ_BYTES), spec, limits)
  const verifier = verifierOf(wire, client)
  const [check] = verifier.checks
  let told = 0
  connection.stream((chunk, start, end) => {
    verifier.feed(chunk, start, end)
    verifier.settle()
    if (verifier.corrupt !== null) failed(`received ${verifier.corrupt}`)
    if (check.delivered - told < windowEvents / REPORTS_A_WINDOW) return
    told = check.delivered
    send({ kind: 'received', events: told })
  })
  return {
    take(message) {
      if (message.kind !== 'published') return
      allCame(connection, verifier, message.events).then((tally) => send({ kind: 'came', tally }), failed)
    },
  }
}

function verifierOf(wire: Wire, client: ClientSpec): Verifier {
  const deliveries: Deliveries = { ...deliveriesOf(wire, client), events: CYCLE_EVENTS, topics: 1 }
  return client.payload === 'bytes'
    ? new CycleVerifier(deliveries, 0, wire.noticeEnd)
    : new SequenceVerifier(deliveries, wire.noticeEnd)
}

async function allCame(connection: Connection, verifier: Verifier, published: number): Promise<ClientTally> {
  const [check] = verifier.checks
  let last = -1
  let movedAt = performance.now()
  for (;;) {
    verifier.settle()
    if (verifier.corrupt !== null) throw new Error(`received ${verifier.corrupt}`)
    if (connection.failure !== null) throw connection.failure
    if (check.delivered >= published || performance.now() - movedAt > STILL_MS) break
    if (check.delivered !== last) {
      last = check.delivered
      movedAt = performance.now()
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  const { delivered, doubled, reordered } = check
  const lost = published - (delivered - doubled)
  return { published, delivered, lost, doubled, reordered }
}

let end: FarEnd | null = null
process.on('message', (message: ToFar) => {
  if (message.kind !== 'begin') {
    end?.take(message)
    return
  }
  const made = message.client.role === 'receive' ? publisher(message) : receiver(message)
  made.then((one) => {
    end = one
    send({ kind: 'ready' })
  }, failed)
})
process.on('disconnect', () => process.exit())
