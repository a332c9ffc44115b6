import type { BodyReceiver, HttpExchange } from './exchange.js'
import { PassedExchange } from './passed-exchange.js'

/**
 * An exchange whose handler comes later: what can be had of the request only at once is kept, and its body is not read meanwhile. After that it is as the
 * exchange itself.
 */
export class HeldExchange extends PassedExchange implements BodyReceiver {
  private readonly kept: Pick<HttpExchange, 'method' | 'path' | 'query' | 'isDuplex' | 'address' | 'certificateSubject'>
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
    inner: HttpExchange,
    private readonly hasBody: boolean,
  ) {
    super(inner)
    const { method, path, query, isDuplex, address, certificateSubject } = inner
    this.kept = { method, path, query, isDuplex, address, certificateSubject }
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

  override get method(): string {
    return this.kept.method
  }
  override get path(): string {
    return this.kept.path
  }
  override get query(): string {
    return this.kept.query
  }
  override get isDuplex(): boolean {
    return this.kept.isDuplex
  }
  override get address(): string {
    return this.kept.address
  }
  override get certificateSubject(): string {
    return this.kept.certificateSubject
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

  override header(name: string): string {
    const { names, values } = this
    if (name === 'host') return this.host
    let joined = ''
    for (let i = names.indexOf(name); i >= 0; i = names.indexOf(name, i + 1)) {
      joined = joined === '' ? values[i] : `${joined}, ${values[i]}`
    }
    return joined
  }

  override eachHeader(visit: (name: string, value: string) => void): void {
    for (let i = 0; i < this.names.length; i++) visit(this.names[i], this.values[i])
  }

  override receive(body: BodyReceiver): void {
    this.body = body
  }
}
