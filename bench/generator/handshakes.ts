import { connect, createSecureContext, type TLSSocket } from 'node:tls'
import type { HandshakeSpec, HandshakesJob, HandshakesResult } from './job.js'
import { LoadMeter } from './load.js'

/** A handshake, or the ticket after it, that has not come by then never does. */
const HANDSHAKE_MS_MAX = 10_000

/** uWebSockets.js sends the tickets of TLS 1.3 along with its first answer. */
const REQUEST = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'

interface Tally {
  made: number
  offered: number
  resumed: number
}

/** Connections that are made and closed again: as many at a time as there are clients. */
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
  /** Made once: to make one costs more than a handshake. */
  private readonly context

  constructor(
    { handshakes, target }: HandshakesJob,
    ticket: string | undefined,
    private readonly tally: Tally,
  ) {
    this.spec = handshakes
    this.port = target.port
    this.context = createSecureContext({ minVersion: handshakes.version, maxVersion: handshakes.version })
    this.ticket = ticket === undefined ? undefined : Buffer.from(ticket, 'base64')
  }

  async run(state: { stopped: boolean }): Promise<void> {
    do await this.handshake()
    while (!state.stopped && !this.spec.once)
  }

  private handshake(): Promise<void> {
    const { resumes, once } = this.spec
    const offered = resumes ? this.ticket : undefined
    // For tickets alone; in a full handshake that is measured they are the server's affair.
    const needsTicket = offered === undefined && (resumes || once)
    const socket = connect({
      host: '127.0.0.1',
      port: this.port,
      secureContext: this.context,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      ...(offered !== undefined && { session: offered }),
    })
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(new Error('no handshake, or no ticket, in time')), HANDSHAKE_MS_MAX)
      let isSecure = false
      let isTicketNew = false
      // In good order, not cut: the server has then seen the end of the handshake.
      const endWhenDone = () => {
        if (isSecure && (isTicketNew || !needsTicket)) socket.end()
      }
      socket.on('error', reject)
      socket.on('secureConnect', () => {
        isSecure = true
        this.count(offered !== undefined, socket)
        if (needsTicket && !isTicketNew) socket.write(REQUEST)
        endWhenDone()
      })
      socket.on('session', (session) => {
        this.ticket = session
        isTicketNew = true
        endWhenDone()
      })
      socket.on('close', () => {
        clearTimeout(timer)
        if (isSecure && (isTicketNew || !needsTicket)) resolve()
        else reject(new Error('the server closed the connection'))
      })
      socket.resume()
    })
  }

  private count(isOffered: boolean, socket: TLSSocket): void {
    this.tally.made++
    if (!isOffered) return
    this.tally.offered++
    if (socket.isSessionReused()) this.tally.resumed++
  }
}
