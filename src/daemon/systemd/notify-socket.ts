import type { DgramSocket } from 'node-unix-socket'

/**
 * The datagram socket on which a service tells systemd how it is (sd_notify(3)). Node has no datagrams on Unix sockets, so a native package sends them;
 * it is loaded only here, only when somebody listens.
 */
export class NotifySocket {
  private constructor(
    private readonly socket: DgramSocket,
    private readonly address: string,
    private readonly warn: (sentence: string) => void,
  ) {}

  /**
   * @param path value of NOTIFY_SOCKET: a path, or a name in the abstract namespace with `@` before it
   * @param warn is told, in a sentence for the operator, why nothing can be sent
   * @returns null when nothing can be sent
   */
  static async open(path: string, warn: (sentence: string) => void): Promise<NotifySocket | null> {
    if (!/^[/@]./.test(path)) {
      warn(
        `systemd is told nothing: NOTIFY_SOCKET is ${JSON.stringify(path)}, and only sockets of this machine are known`,
      )
      return null
    }
    try {
      const { DgramSocket } = await import('node-unix-socket')
      const socket = new DgramSocket()
      // It closes itself then; what is sent afterwards throws, and is told below.
      socket.on('error', () => {})
      return new NotifySocket(socket, path.replace(/^@/, '\0'), warn)
    } catch (error) {
      warn(
        `systemd is told nothing: node-unix-socket cannot be loaded here: ${firstLine(error)}; a unit without it has Type=exec and WatchdogSec=0`,
      )
      return null
    }
  }

  /** Sends assignments as one datagram: they take effect together. */
  send(assignments: readonly string[]): void {
    const bytes = Buffer.from(assignments.join('\n'))
    const failed = (error: unknown): void => this.warn(`systemd could not be told: ${firstLine(error)}`)
    try {
      this.socket.sendTo(bytes, 0, bytes.length, this.address, (error) => {
        if (error !== undefined) failed(error)
      })
    } catch (error) {
      failed(error)
    }
  }

  close(): void {
    this.socket.close()
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0]
}
