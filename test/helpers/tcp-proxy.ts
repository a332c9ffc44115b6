import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A wire between clients and a daemon that can be made to fail: frozen both ways, or cut. */
export class TcpProxy {
  private readonly server: Server
  private readonly pairs = new Set<[client: Socket, daemon: Socket]>()
  private frozen = false

  private constructor(target: URL) {
    // Half-closed ends are passed on as they are.
    this.server = createServer({ allowHalfOpen: true }, (client) => {
      const daemon = connect({ port: Number(target.port), host: target.hostname, allowHalfOpen: true })
      const pair: [Socket, Socket] = [client, daemon]
      this.pairs.add(pair)
      for (const [from, to] of [pair, [daemon, client]] as const) {
        from.on('data', (chunk) => {
          if (!this.frozen) to.write(chunk)
        })
        from.on('end', () => {
          if (!this.frozen) to.end()
        })
        from.on('error', () => {})
        from.on('close', () => {
          if (this.frozen) return
          to.destroy()
          this.pairs.delete(pair)
        })
      }
    })
  }

  static async open(url: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(new URL(url))
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** From now on everything vanishes, and nobody is told: as when a cable is pulled. */
  freeze(): void {
    this.frozen = true
  }

  /** Resets every connection on both sides. */
  cut(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy()
    this.pairs.clear()
  }

  /** Connections whose daemon's end is still open. */
  get openAtDaemon(): number {
    let open = 0
    for (const [, daemon] of this.pairs) if (!daemon.destroyed && !daemon.readableEnded) open++
    return open
  }

  async close(): Promise<void> {
    this.frozen = false
    this.cut()
    await new Promise((resolve) => this.server.close(resolve))
  }
}
