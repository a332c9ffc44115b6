/** What the daemon hands to TLS, from its configuration. Paths and milliseconds. */
export interface TlsOptions {
  certificate: string
  key: string
  /** Authorities whose certificates clients may show, and what these have revoked. Empty: nobody is asked for one; nothing is. */
  clientCa?: string
  clientCrl?: string
  minVersion: '1.2' | '1.3'
  watch: boolean
  /** Empty: the key of session tickets lives as long as the process. */
  ticketKeyFile: string
  ticketRotationMs: number
  handshakesMax: number
  handshakeTimeoutMs: number
  /** Is told, in a sentence for the operator, what changed or could not be. */
  inform(sentence: string): void
  warn(sentence: string): void
}

/** What happened in handshakes, for metrics. */
export class TlsMeters {
  /**
   * Complete handshakes by engine ('node', 'uWebSockets.js'), version ('1.2', '1.3', 'unknown') and kind, joined by spaces. uWebSockets.js
   * does not tell: of it these are the connections that began one.
   */
  readonly handshakes = new Map<string, number>()
  /** Handshakes that failed, by reason: few and fixed words. */
  readonly failed = new Map<string, number>()
  /** Under way, and waiting for a place, now. */
  underWay = 0
  waiting = 0
  /** Certificates taken up since the start, and those that could not be. */
  reloads = 0
  reloadsFailed = 0

  noteHandshake(engine: string, version: string, kind: 'full' | 'resumed' | 'unknown'): void {
    const key = `${engine} ${version} ${kind}`
    this.handshakes.set(key, (this.handshakes.get(key) ?? 0) + 1)
  }

  noteFailed(reason: string): void {
    this.failed.set(reason, (this.failed.get(reason) ?? 0) + 1)
  }
}
