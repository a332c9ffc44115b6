import { connect, type TLSSocket } from 'node:tls'
import type { HandshakeSpec, HandshakesJob, HandshakesResult } from './job.js'
import { LoadMeter } from './load.js'

/** A handshake, or the ticket after it, that has not come by then never does. */
const HANDSHAKE_MS_MAX = 10_000

interface Tally {
  made: number
  offered: number
  resumed: number
}

/** Connections that are made and, once they have their ticket, closed: as many at a time as there are clients. */
export async function runHandshakes(job: HandshakesJob): Promise<HandshakesResult> {
  const { concurrency } = job.handshakes
  const tally: Tally = { made: 0, offered: 0, resumed: 0 }
  const clients = Array.from({ length: concurrency }, (_, i) => new Client(job, job.tickets[i], tally))
  const state = { stopped: false }
  const running = Promise.all(clients.map((client) => client.run(state)))
  // A failed client ends the run at once, not after it.
  const pass = (ms: number) => Promise.race([new Promise((resolve) => setTimeout(resolve, ms)), running])
  try {
    if (!job.handshakes.once) await pass(job.warmupMs)
    const before = tally.made
    const meter = new LoadMeter(job.target.pid, job.cores)
    await pass(job.measureMs)
    const load = meter.until()
    const handshakesPerSecond = ((tally.made - before) * 1000) / load.measuredMs
    state.stopped = true
    await running
    const tickets = clients.flatMap(({ ticket }) => (ticket === undefined ? [] : [ticket.toString('base64')]))
    const { offered, resumed } = tally
    return { kind: 'handshakes', ...load, handshakesPerSecond, offered, resumed, tickets }
  } finally {
    state.stopped = true
  }
}

class Client {
  ticket: Buffer | undefined
  private readonly spec: HandshakeSpec
  private readonly port: number

  constructor(
    { handshakes, target }: HandshakesJob,
    ticket: string | undefined,
    private readonly tally: Tally,
  ) {
    this.spec = handshakes
    this.port = target.port
    this.ticket = ticket === undefined ? undefined : Buffer.from(ticket, 'base64')
  }

  async run(state: { stopped: boolean }): Promise<void> {
    do await this.handshake()
    while (!state.stopped && !this.spec.once)
  }

  private handshake(): Promise<void> {
    const { version, resumes } = this.spec
    const offered = resumes ? this.ticket : undefined
    const socket = connect({
      host: '127.0.0.1',
      port: this.port,
      minVersion: version,
      maxVersion: version,
      rejectUnauthorized: false,
      ...(offered !== undefined && { session: offered }),
    })
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(new Error('no handshake, or no ticket, in time')), HANDSHAKE_MS_MAX)
      socket.on('error', reject)
      socket.on('close', () => {
        clearTimeout(timer)
        reject(new Error('the server closed the connection'))
      })
      untilShaken(socket, offered !== undefined && version === 'TLSv1.2', (ticket) => {
        this.ticket = ticket ?? this.ticket
        this.tally.made++
        if (offered !== undefined) this.tally.offered++
        if (offered !== undefined && socket.isSessionReused()) this.tally.resumed++
        resolve()
        socket.destroy()
      })
    })
  }
}

/** TLS 1.3 sends tickets after the handshake, 1.2 within it; after a resumed one of TLS 1.2 there may be no new one. */
function untilShaken(socket: TLSSocket, isTicketOptional: boolean, done: (ticket: Buffer | undefined) => void): void {
  let ticket: Buffer | undefined
  let isSecure = false
  let isDone = false
  const look = () => {
    if (isDone || !isSecure || (ticket === undefined && !isTicketOptional)) return
    isDone = true
    done(ticket)
  }
  socket.on('session', (session) => {
    ticket = session
    look()
  })
  socket.on('secureConnect', () => {
    isSecure = true
    look()
  })
}
