import { MEDIA_EVENT_STREAM } from '../../src/protocol/media.js'
import { Flag, requestHeaders } from './http2-frames.js'
import { Http2Peer } from './http2-peer.js'
import type { Held } from './idle.js'
import { openSocket } from './socket.js'

const ANSWER_TIMEOUT_MS = 10_000
let lastTopic = 0

/** Opens so many server-sent event streams on one HTTP/2 connection, each subscribed to a topic of its own, and holds them. */
export async function openEventStreams(port: number, tls: boolean, count: number, readBuffer: Buffer): Promise<Held> {
  const state: { failure: Error | null; closing: boolean } = { failure: null, closing: false }
  let tell = () => {}
  const waiting = new Set<number>()
  const fail = (why: string) => {
    if (!state.closing) state.failure ??= new Error(why)
    tell()
  }
  const onRead = (buffer: Buffer, bytes: number) => {
    peer.feed(buffer, 0, bytes)
    return true
  }
  const socket = await openSocket(port, { tls, alpn: 'h2', readBuffer, onRead })
  socket.on('error', (error) => fail(error.message))
  socket.on('close', () => fail('the server closed the connection'))
  const peer = new Http2Peer(socket, {
    // A stream is open when its first bytes have come: then the server has made all that belongs to it.
    body: (stream) => {
      waiting.delete(stream)
      if (waiting.size === 0) tell()
    },
    taken: () => {},
    settings: () => {},
    window: () => {},
    failed: (_stream, why) => fail(why),
  })
  peer.start()
  for (let i = 0; i < count; i++) {
    const stream = 2 * i + 1
    waiting.add(stream)
    const fields = {
      ':method': 'GET',
      ':scheme': tls ? 'https' : 'http',
      ':authority': `127.0.0.1:${port}`,
      ':path': `/v1/events?topic=idle.${++lastTopic}`,
      accept: MEDIA_EVENT_STREAM,
    }
    socket.write(requestHeaders(stream, fields, Flag.END_HEADERS | Flag.END_STREAM))
  }
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => fail(`${waiting.size} event streams did not begin`), ANSWER_TIMEOUT_MS)
    tell = () => {
      if (waiting.size > 0 && state.failure === null) return
      clearTimeout(timer)
      resolve()
    }
    tell()
  })
  if (state.failure !== null) {
    socket.destroy()
    throw state.failure
  }
  return {
    get failure() {
      return state.failure
    },
    close() {
      state.closing = true
      socket.destroy()
    },
  }
}
