import type { Written } from '../../core/link.js'
import type { Peer } from '../../core/peer.js'
import type { Transport } from '../peer.js'
import type { BodyReceiver, Headers, HttpExchange } from './exchange.js'

/**
 * An exchange whose handler comes later: what can be had of the request only at once is kept, and its body is not read meanwhile. After that it is as the
 * exchange itself.
 */
export class HeldExchange implements HttpExchange, BodyReceiver {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly isDuplex: boolean
  readonly address: string
  readonly certificateSubject: string
  private readonly names: string[] = []
  private readonly values: string[] = []
  private readonly host: string
  private body: BodyReceiver | null = null
  /** What came although the exchange was paused. */
  private early: Buffer[] = []
  private hasEnded = false
  private isReleased = false
  private isGone = false

  /** @param hasBody whether the handler will want the body */
  constructor(
    private readonly inner: HttpExchange,
    private readonly hasBody: boolean,
  ) {
    this.method = inner.method
    this.path = inner.path
    this.query = inner.query
    this.isDuplex = inner.isDuplex
    this.address = inner.address
    this.certificateSubject = inner.certificateSubject
    this.host = inner.header('host')
    inner.eachHeader((name, value) => {
      this.names.push(name)
      this.values.push(value)
    })
    inner.gone = () => {
      this.isGone = true
    }
    if (!hasBody) return
    inner.receive(this)
    inner.pause()
  }

  /** Runs the handler, unless the request is no more; then its body flows. */
  release(handle: (exchange: HttpExchange) => void): void {
    if (this.isGone) return
    this.isReleased = true
    this.inner.gone = null
    handle(this)
    if (!this.hasBody) return
    for (const bytes of this.early.splice(0)) this.body?.chunk(bytes)
    if (this.hasEnded) this.body?.end()
    else this.inner.resume()
  }

  chunk(bytes: Uint8Array): void {
    if (this.isReleased) this.body?.chunk(bytes)
    else this.early.push(Buffer.from(bytes))
  }

  end(): void {
    if (this.isReleased) this.body?.end()
    else this.hasEnded = true
  }

  header(name: string): string {
    const { names, values } = this
    if (name === 'host') return this.host
    let joined = ''
    for (let i = names.indexOf(name); i >= 0; i = names.indexOf(name, i + 1)) {
      joined = joined === '' ? values[i] : `${joined}, ${values[i]}`
    }
    return joined
  }

  eachHeader(visit: (name: string, value: string) => void): void {
    for (let i = 0; i < this.names.length; i++) visit(this.names[i], this.values[i])
  }

  receive(body: BodyReceiver): void {
    this.body = body
  }

  get writable(): (() => void) | null {
    return this.inner.writable
  }
  set writable(callback: (() => void) | null) {
    this.inner.writable = callback
  }
  get gone(): (() => void) | null {
    return this.inner.gone
  }
  set gone(callback: (() => void) | null) {
    this.inner.gone = callback
  }
  get isDrained(): boolean {
    return this.inner.isDrained
  }
  peer(transport: Transport): Peer {
    return this.inner.peer(transport)
  }
  pause(): void {
    this.inner.pause()
  }
  resume(): void {
    this.inner.resume()
  }
  respond(status: number, headers: Headers, body?: string | Uint8Array): void {
    this.inner.respond(status, headers, body)
  }
  begin(status: number, headers: Headers): void {
    this.inner.begin(status, headers)
  }
  write(bytes: Uint8Array | string): Written {
    return this.inner.write(bytes)
  }
  finish(): void {
    this.inner.finish()
  }
  abort(): void {
    this.inner.abort()
  }
}
