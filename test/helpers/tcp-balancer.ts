import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * A balancer of TCP connections as those before rolling restarts are: a connection goes to the first target that takes it, beginning with the one that had the
 * last, and stays there.
 */
export class TcpBalancer {
  private readonly server: Server
  private readonly sockets = new Set<Socket>()
  private turn = 0

  private constructor(private readonly ports: readonly number[]) {
    // Half-closed ends are passed on as they are.
    this.server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => this.find(client, 0))
  }

  static async open(ports: readonly number[]): Promise<TcpBalancer> {
    const balancer = new TcpBalancer(ports)
    await new Promise<void>((resolve) => balancer.server.listen(0, '127.0.0.1', resolve))
    return balancer
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  private find(client: Socket, tries: number): void {
    if (tries === this.ports.length) {
      client.destroy()
      return
    }
    const target = connect({ port: this.ports[this.turn], host: '127.0.0.1', allowHalfOpen: true })
    target.once('error', () => {
      this.turn = (this.turn + 1) % this.ports.length
      this.find(client, tries + 1)
    })
    target.once('connect', () => {
      target.removeAllListeners('error')
      this.join(client, target)
    })
  }

  private join(client: Socket, target: Socket): void {
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      this.sockets.add(from)
      from.on('error', () => {})
      from.on('close', () => {
        this.sockets.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
    client.resume()
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }
}
