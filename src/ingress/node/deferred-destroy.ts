import type { ServerHttp2Session } from 'node:http2'

/**
 * Makes a session wait with its end until what has come has been read.
 *
 * node:http2 destroys sessions while it is reading: when the peer sends GOAWAY, and when something is wrong. What follows in the same packet is
 * read all the same, a new stream is then not set up, and its first DATA fails a check in native code: Node 22 aborts the process. So anybody
 * could end the daemon with one packet.
 *
 * @param asked is told at once that the session will end, and why; null when nothing is wrong
 */
export function deferDestroy(session: ServerHttp2Session, asked: (error: Error | null) => void): void {
  const destroy = session.destroy.bind(session)
  let isAsked = false
  session.destroy = (...how) => {
    if (isAsked) return
    isAsked = true
    asked(how[0] instanceof Error ? how[0] : null)
    setImmediate(() => destroy(...how))
  }
}
