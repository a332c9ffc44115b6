import { execFile } from 'node:child_process'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { GATE_LIMITS, type GateLimits, HandshakeGate } from '../../src/ingress/tls/handshake-gate.js'
import { TlsMeters, type TlsOptions } from '../../src/ingress/tls/options.js'
import { Tls } from '../../src/ingress/tls/tls.js'
import type { CertificateFiles } from './certificates.js'

const OPENSSL_PATIENCE_MS = 20_000

interface Teardown {
  teardown(run: () => unknown): void
}

/** The certificate of a test, with all that was said about it. */
export interface LoadedTls {
  readonly tls: Tls
  readonly meters: TlsMeters
  readonly informed: string[]
  readonly warned: string[]
}

export function loadTls(
  t: Teardown,
  files: CertificateFiles,
  options: Partial<TlsOptions> = {},
  patienceMs?: number,
): LoadedTls {
  const meters = new TlsMeters()
  const informed: string[] = []
  const warned: string[] = []
  const tls = Tls.load(
    {
      certificate: files.certificateFile,
      key: files.keyFile,
      minVersion: '1.2',
      watch: false,
      ticketKeyFile: '',
      ticketRotationMs: 43_200_000,
      handshakesMax: 64,
      handshakeTimeoutMs: 30_000,
      inform: (sentence) => informed.push(sentence),
      warn: (sentence) => warned.push(sentence),
      ...options,
    },
    meters,
    patienceMs,
  )
  t.teardown(() => tls.close())
  return { tls, meters, informed, warned }
}

/** A port that echoes, behind a gate. */
export class EchoPort {
  readonly secured: TLSSocket[] = []
  readonly accepted: Socket[] = []

  private constructor(
    readonly port: number,
    readonly gate: HandshakeGate,
  ) {}

  static async open(t: Teardown, tls: Tls, limits: Partial<GateLimits> = {}): Promise<EchoPort> {
    const onSecure = (socket: TLSSocket): void => {
      echo.secured.push(socket)
      socket.on('error', () => {})
      socket.pipe(socket)
    }
    const gate = new HandshakeGate(tls, ['h2', 'http/1.1'], onSecure, { ...GATE_LIMITS, ...limits })
    // As servers of HTTP are.
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      echo.accepted.push(socket)
      gate.accept(socket)
    })
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 })
    await new Promise((resolve) => server.once('listening', resolve))
    const echo = new EchoPort((server.address() as AddressInfo).port, gate)
    t.teardown(() => {
      gate.close()
      for (const socket of echo.accepted) socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    })
    return echo
  }
}

export interface Visit {
  readonly socket: TLSSocket
  readonly serial: string
  readonly isReused: boolean
  /** The last ticket that came before what was sent came back. */
  readonly session: Buffer | undefined
}

/** Connects, sends a byte and gets it back, by which time tickets have come too. */
export async function visit(t: Teardown, port: number, options: ConnectionOptions = {}): Promise<Visit> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, servername: 'localhost', ...options })
  t.teardown(() => socket.destroy())
  let session: Buffer | undefined
  socket.on('session', (ticket: Buffer) => {
    session = ticket
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('data', () => resolve())
    socket.write('x')
  })
  socket.on('error', () => {})
  return {
    socket,
    serial: socket.getPeerX509Certificate()?.serialNumber ?? '',
    isReused: socket.isSessionReused(),
    session,
  }
}

/**
 * Runs Debian's openssl, whose exit code says little. It gets no input, or stays until it is told to quit.
 * @returns all that it wrote
 */
export function openssl(words: readonly string[], quit?: Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('openssl', words, { timeout: OPENSSL_PATIENCE_MS }, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    )
    child.stdin?.on('error', () => {})
    if (quit === undefined) child.stdin?.end()
    else quit.then(() => child.stdin?.end('Q\n'), reject)
  })
}
