import type { Socket } from 'node:net'

/** How the connection preface of HTTP/2 begins (RFC 9113, 3.4): no request of HTTP/1.1 has this method. */
const PREFACE = Buffer.from('PRI')

/**
 * Finds out from its first bytes what a socket speaks, puts them back and pauses it.
 * @param told is called at most once; not at all when the socket ends before
 */
export function sniff(socket: Socket, told: (isHttp2: boolean) => void): void {
  let head: Buffer | null = null
  const onData = (chunk: Buffer): void => {
    head = head === null ? chunk : Buffer.concat([head, chunk])
    const known = Math.min(head.length, PREFACE.length)
    const isHttp2 = head.compare(PREFACE, 0, known, 0, known) === 0
    if (isHttp2 && known < PREFACE.length) return
    socket.off('data', onData)
    socket.off('end', onEnd)
    socket.pause()
    socket.unshift(head)
    told(isHttp2)
  }
  // The server is half open, for HTTP/1.1: who looks whether somebody listens, and leaves, would stay until its time is over.
  const onEnd = (): void => void socket.destroy()
  socket.on('data', onData)
  socket.once('end', onEnd)
  // What stood before may have paused it.
  socket.resume()
}
