import type { Written } from '../../core/link.js'
import type { Peer } from '../../core/peer.js'
import type { Transport } from '../peer.js'
import type { BodyReceiver, Headers, HttpExchange } from './exchange.js'

/** Another exchange, as it is: for those that are so but for a little. */
export class PassedExchange implements HttpExchange {
  constructor(protected readonly inner: HttpExchange) {}

  get method(): string {
    return this.inner.method
  }
  get path(): string {
    return this.inner.path
  }
  get query(): string {
    return this.inner.query
  }
  get isDuplex(): boolean {
    return this.inner.isDuplex
  }
  get address(): string {
    return this.inner.address
  }
  get certificateSubject(): string {
    return this.inner.certificateSubject
  }
  get isDrained(): boolean {
    return this.inner.isDrained
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

  header(name: string): string {
    return this.inner.header(name)
  }
  eachHeader(visit: (name: string, value: string) => void): void {
    this.inner.eachHeader(visit)
  }
  peer(transport: Transport): Peer {
    return this.inner.peer(transport)
  }
  receive(body: BodyReceiver): void {
    this.inner.receive(body)
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
