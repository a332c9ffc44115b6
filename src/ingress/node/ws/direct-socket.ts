import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** What Node's sockets have and do not promise: the handle of libuv, and that one can be made from another's. */
interface Handle {
  useUserBuffer?: unknown
}
interface WithHandle {
  _handle: Handle | null
}
type SocketOptions = ConstructorParameters<typeof Socket>[0] & {
  handle: Handle
  onread: { buffer: Uint8Array; callback(bytes: number): boolean }
}

/**
 * The same connection as a socket that reads straight into a buffer of ours. Node's own way costs a new buffer of 64 KiB for each read, which is more
 * work for the collector than all of ours for what is in it, and one copy. `onread` is documented for sockets that connect only, so that
 * the socket is made anew around the handle of the one that a server has accepted.
 *
 * @param buffer may be shared by sockets: a read is told before the next one
 * @param onRead is told how many bytes have come. They hold until it returns.
 * @returns null where it cannot be done: the socket is as it was, and is to be read as any stream
 */
export function readDirectly(socket: Socket, buffer: Uint8Array, onRead: (bytes: number) => void): Socket | null {
  if (socket instanceof TLSSocket || socket.destroyed) return null
  const holder = socket as unknown as WithHandle
  const handle = holder._handle
  // What is in one of its queues would be lost.
  if (typeof handle?.useUserBuffer !== 'function' || socket.readableLength > 0 || socket.writableLength > 0) return null
  holder._handle = null
  const options: SocketOptions = {
    handle,
    allowHalfOpen: true,
    onread: {
      buffer,
      callback(bytes) {
        onRead(bytes)
        if (bytes < buffer.length) return true
        // libuv would read on, up to 32 times: other sockets have their turn first.
        setImmediate(() => direct.resume())
        return false
      },
    },
  }
  const direct = new Socket(options)
  // The server counts the one that it has accepted, and may cut it.
  direct.once('close', () => socket.destroy())
  socket.once('close', () => direct.destroy())
  socket.on('error', () => {})
  return direct
}
