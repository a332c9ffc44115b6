import type { Socket } from 'node:net'
import { type ProxyHeader, readProxyHeader } from '../proxy-protocol.js'

/**
 * Takes the header of the PROXY protocol off a socket, and pauses it.
 * @param told is called at most once, with null for what is no such header; not at all when the socket ends before
 */
export function takeProxyHeader(socket: Socket, told: (header: ProxyHeader | null) => void): void {
  let held: Buffer | null = null
  const onData = (chunk: Buffer): void => {
    held = held === null ? chunk : Buffer.concat([held, chunk])
    const header = readProxyHeader(held)
    if (header === 'more') return
    socket.off('data', onData)
    socket.off('end', onEnd)
    if (header === 'malformed') {
      told(null)
      return
    }
    socket.pause()
    if (held.length > header.length) socket.unshift(held.subarray(header.length))
    told(header)
  }
  const onEnd = (): void => void socket.destroy()
  socket.on('data', onData)
  socket.once('end', onEnd)
}
