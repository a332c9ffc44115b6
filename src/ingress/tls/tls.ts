import { constants } from 'node:crypto'
import type { TlsOptions as NodeTlsOptions, SecureContextOptions } from 'node:tls'
import { FileWatch } from '../../base/file-watch.js'
import { type Clients, readClients } from './clients.js'
import { expirySentence, expiryStage } from './expiry.js'
import type { TlsMeters, TlsOptions } from './options.js'
import { type Pair, readPair } from './pair.js'
import { TicketKeys } from './ticket-keys.js'

/**
 * What TLS 1.2 may use: forward secrecy and authenticated encryption only (Mozilla's "intermediate" without DHE, whose handshakes cost
 * several times those over elliptic curves). TLS 1.3 has nothing else.
 */
export const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/** The same in all processes, else none resumes what another began. */
const SESSION_ID_CONTEXT = 'sluice'
/** RFC 8446, 4.6.1: a ticket is good for seven days at most. */
const TICKET_LIFE_MAX_S = 604_800
/** A pair is often replaced in two steps. What does not fit after this is worth a word. */
const PATIENCE_MS = 5_000
const EXPIRY_CHECK_INTERVAL_MS = 3_600_000

/** For a server of node:tls, whose ALPN is its own affair. */
export type TlsServerOptions = Required<
  Pick<
    NodeTlsOptions & SecureContextOptions,
    | 'cert'
    | 'key'
    | 'minVersion'
    | 'ciphers'
    | 'honorCipherOrder'
    | 'secureOptions'
    | 'sessionIdContext'
    | 'sessionTimeout'
    | 'requestCert'
    | 'rejectUnauthorized'
  >
> &
  Pick<SecureContextOptions, 'ca' | 'crl'> & { ticketKeys: Buffer }

/** The certificate that all ports show, kept as it is in its files; and the key of their session tickets. */
export class Tls {
  /** @throws Error with a sentence for the operator */
  static load(options: TlsOptions, meters: TlsMeters, patienceMs = PATIENCE_MS): Tls {
    const pair = readPair(options.certificate, options.key)
    const clients = clientsOf(options)
    return new Tls(options, meters, pair, clients, TicketKeys.open(options), patienceMs)
  }

  private readonly changeListeners: (() => void)[] = []
  private readonly watch: FileWatch | null
  private readonly expiryCheck: NodeJS.Timeout
  private verdict: NodeJS.Timeout | null = null
  private warnedStage = 0

  private constructor(
    readonly options: TlsOptions,
    readonly meters: TlsMeters,
    private pair: Pair,
    private clients: Clients | null,
    private readonly ticketKeys: TicketKeys,
    private readonly patienceMs: number,
  ) {
    this.watch = options.watch ? new FileWatch(filesOf(options), () => this.noteChange()) : null
    this.expiryCheck = setInterval(() => this.checkExpiry(), EXPIRY_CHECK_INTERVAL_MS).unref()
    this.tellDoubts()
  }

  /** The certificate shown to new connections. */
  get current(): Pair {
    return this.pair
  }

  /** Whether clients are asked for certificates. */
  get asksClients(): boolean {
    return this.clients !== null
  }

  /** 48 bytes, of which Node makes the name of the key and two secrets. */
  get ticketKey(): Buffer {
    return this.ticketKeys.current
  }

  serverOptions(): TlsServerOptions {
    const { clients } = this
    return {
      cert: this.pair.cert,
      key: this.pair.key,
      minVersion: this.options.minVersion === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
      ciphers: CIPHERS,
      // Clients know whether they have hardware for AES.
      honorCipherOrder: false,
      // A peer that begins one handshake after the other would never wait its turn; Node only tells of it.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      // A session resumes what was verified when it began: not by other rules than those that hold now.
      sessionIdContext: clients === null ? SESSION_ID_CONTEXT : `${SESSION_ID_CONTEXT} ${clients.digest.slice(0, 16)}`,
      sessionTimeout: Math.min(TICKET_LIFE_MAX_S, Math.ceil(this.options.ticketRotationMs / 1000)),
      ticketKeys: this.ticketKey,
      requestCert: clients !== null,
      // Also to whoever has none: it may say in another way who it is. One that is not good is refused by the gate.
      rejectUnauthorized: false,
      ...(clients !== null && { ca: clients.ca }),
      ...(clients?.crl && { crl: clients.crl }),
    }
  }

  /** Runs when there is another certificate. Connections that are there keep what they have. */
  onChange(listener: () => void): void {
    this.changeListeners.push(listener)
  }

  /** Runs when there is another key for tickets: those of the one before are worth nothing from then on. */
  onTicketKey(listener: (key: Buffer) => void): void {
    this.ticketKeys.onChange(listener)
  }

  /**
   * Reads the files now.
   * @returns null when what they hold is in use; else why not, in a sentence, and what there was stays
   */
  reload(): string | null {
    this.ticketKeys.look()
    const problem = this.takeUp()
    if (problem !== null) this.meters.reloadsFailed++
    return problem
  }

  /**
   * Reads the files, and keeps nothing of them yet.
   * @returns what takes them up
   * @throws Error with a sentence for the operator
   */
  prepare(): () => void {
    try {
      readPair(this.options.certificate, this.options.key)
      clientsOf(this.options)
    } catch (error) {
      this.meters.reloadsFailed++
      throw error
    }
    return () => {
      const problem = this.reload()
      // Replaced in the very moment between the two; the watch, or the next reload, takes it up.
      if (problem !== null) this.options.warn(`${problem}; the certificate read before stays in use`)
    }
  }

  close(): void {
    this.watch?.close()
    this.ticketKeys.close()
    clearInterval(this.expiryCheck)
    if (this.verdict !== null) clearTimeout(this.verdict)
  }

  private takeUp(): string | null {
    let pair: Pair
    let clients: Clients | null
    try {
      pair = readPair(this.options.certificate, this.options.key)
      clients = clientsOf(this.options)
    } catch (error) {
      return (error as Error).message
    }
    if (this.verdict !== null) clearTimeout(this.verdict)
    this.verdict = null
    const isSamePair = pair.cert.equals(this.pair.cert) && pair.key.equals(this.pair.key)
    const areSameClients = clients?.digest === this.clients?.digest
    if (isSamePair && areSameClients) return null
    this.clients = clients
    this.meters.reloads++
    if (!areSameClients) this.options.inform(`certificates of clients go by another tls.client_ca or tls.client_crl`)
    if (!isSamePair) this.show(pair)
    for (const listener of this.changeListeners) listener()
    return null
  }

  private show(pair: Pair): void {
    this.pair = pair
    this.warnedStage = 0
    const { serial, names, notAfter } = pair
    this.options.inform(
      `new certificate from ${this.options.certificate}: serial ${serial}, for ${names.join(', ')}, until ${notAfter.toISOString()}`,
    )
    this.tellDoubts()
  }

  /** One file may be there before the other, so a pair that does not fit is a failure only when it stays so. */
  private noteChange(): void {
    if (this.takeUp() === null || this.verdict !== null) return
    this.verdict = setTimeout(() => {
      this.verdict = null
      const problem = this.takeUp()
      if (problem === null) return
      this.meters.reloadsFailed++
      this.options.warn(`${problem}; the certificate read before stays in use`)
    }, this.patienceMs).unref()
  }

  private tellDoubts(): void {
    for (const doubt of this.pair.doubts) this.options.warn(doubt)
    this.checkExpiry()
  }

  private checkExpiry(): void {
    const now = Date.now()
    const stage = expiryStage(this.pair, now)
    if (stage <= this.warnedStage) return
    this.warnedStage = stage
    this.options.warn(expirySentence(this.pair, now, this.options.certificate))
  }
}

function clientsOf({ clientCa = '', clientCrl = '' }: TlsOptions): Clients | null {
  return readClients(clientCa, clientCrl)
}

function filesOf({ certificate, key, clientCa = '', clientCrl = '' }: TlsOptions): string[] {
  return [certificate, key, clientCa, clientCrl].filter((file) => file !== '')
}
