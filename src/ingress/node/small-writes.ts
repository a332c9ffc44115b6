import type { ServerHttp2Stream } from 'node:http2'

/** More than this in a stream's native part, and node:http2 sends while it reads. */
const NATIVE_BYTES_MAX = 4096

/**
 * Whether node:http2 may send while it reads. Over TLS that can end the process: a send that the kernel refuses at once, since the peer has just reset
 * the connection, makes it read the same bytes a second time, within the first, and what is left of the first then crashes. It does so for streams with
 * more than 4 KiB in their native part when DATA comes for them, and a peer that opens no window keeps them there. Node 24.21 and 26 do not.
 */
export const SENDS_WHILE_READING = sendsWhileReading(process.versions.node)

export function sendsWhileReading(version: string): boolean {
  const [major, minor] = version.split('.').map(Number)
  return major === 24 ? minor < 21 : major < 26
}

/**
 * Makes a stream hand on little at a time: a large write goes in pieces, of which the native part has one while the others wait in the JavaScript part. What
 * waits there is handed on together when that one has left, which the window of the peer has allowed by then. To hand it on one by one as well is no way out:
 * without `_writev`, node:http2 of Node 22 can fall into a loop of empty frames that takes all memory.
 */
export function writeLittle(stream: ServerHttp2Stream): void {
  const write = stream.write.bind(stream) as (chunk: string | Uint8Array, done?: Done) => boolean
  stream.write = ((chunk: string | Uint8Array, done?: Done): boolean => {
    if (chunk.length * (typeof chunk === 'string' ? 3 : 1) <= NATIVE_BYTES_MAX) return write(chunk, done)
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    let start = 0
    for (; start + NATIVE_BYTES_MAX < bytes.length; start += NATIVE_BYTES_MAX) {
      write(bytes.subarray(start, start + NATIVE_BYTES_MAX))
    }
    return write(bytes.subarray(start), done)
  }) as typeof stream.write
}

type Done = (error?: Error | null) => void
