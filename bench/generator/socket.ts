import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export interface SocketOptions {
  /** The certificate is not checked: it is the benchmark's own. */
  tls: boolean
  /** Protocol to agree on in the handshake, such as 'h2'; '' for none. */
  alpn: string
  /** Of this machine, from which it goes out; absent: whichever the system takes. */
  localAddress?: string | null
  /** Shared by all sockets of a process, as a read is handled before the next. */
  readBuffer: Buffer
  /** @returns whether to go on reading */
  onRead(buffer: Buffer, bytes: number): boolean
}

/** Resolves when the connection, with its TLS handshake where it has one, is made. */
export function openSocket(
  port: number,
  { tls, alpn, localAddress = null, readBuffer, onRead }: SocketOptions,
): Promise<Socket> {
  const address = {
    host: '127.0.0.1',
    port,
    noDelay: true,
    ...(localAddress !== null && { localAddress }),
    onread: {
      buffer: readBuffer,
      callback: (bytes: number, buffer: Uint8Array) => onRead(buffer as Buffer, bytes),
    },
  }
  // Not given as a literal: the types of tls.connect leave out the options that it takes for its socket, such as onread.
  const secure = { ...address, rejectUnauthorized: false, ...(alpn !== '' && { ALPNProtocols: [alpn] }) }
  const socket = tls ? connectTls(secure) : connect(address)
  return new Promise((resolve, reject) => {
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
    socket.once('error', reject)
  })
}
