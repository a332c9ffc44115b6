import { createServer, type Http2Server, type ServerHttp2Session, type ServerOptions } from 'node:http2'
import type { Socket } from 'node:net'
import { assert } from '../../base/assert.js'
import { Http2Connection, type Http2Host, STREAM_WINDOW_BYTES } from './http2-connection.js'

/** What one publisher may have under way on a connection: more than a stream's window, so that one that is not read does not stop the others. */
const CONNECTION_WINDOW_BYTES = 4 * STREAM_WINDOW_BYTES
/** Of node:http2, per connection: MB of what it holds itself, frames that are wrong, streams above the limit. */
const SESSION_MEMORY_MB = 2
const INVALID_FRAMES_MAX = 50
const REJECTED_STREAMS_MAX = 20
/**
 * Of nghttp2, per connection: resets at once, and each second. It counts those of clients too that reset each stream when they have its answer, so that it
 * must be out of the way: our own guard knows the difference. Node 20 does not let it be set, and ends such a client after 1,000.
 */
const RESETS_UNLIMITED = 1_000_000

/** The options of nghttp2's own guard, which Node 20 ignores. */
interface ResetLimits {
  streamResetBurst: number
  streamResetRate: number
}

/** HTTP/2 connections over sockets that somebody else has accepted. */
export class Http2Sockets {
  private readonly server: Http2Server
  private readonly connections = new Set<Http2Connection>()

  constructor(private readonly host: Http2Host) {
    const { streamsMax, headerBytesMax } = host.options
    const options: ServerOptions & ResetLimits = {
      maxSessionMemory: SESSION_MEMORY_MB,
      maxSessionInvalidFrames: INVALID_FRAMES_MAX,
      maxSessionRejectedStreams: REJECTED_STREAMS_MAX,
      streamResetBurst: RESETS_UNLIMITED,
      streamResetRate: RESETS_UNLIMITED,
      settings: {
        enablePush: false,
        enableConnectProtocol: true,
        maxConcurrentStreams: streamsMax,
        maxHeaderListSize: headerBytesMax,
        initialWindowSize: STREAM_WINDOW_BYTES,
      },
    }
    this.server = createServer(options)
  }

  /** Takes a socket over: plain, or TLS when h2 was agreed on. What has been read of it must have been put back. */
  serve(socket: Socket): void {
    this.open(socket)
  }

  /** Says that there is no room, and closes. */
  refuse(socket: Socket): void {
    this.open(socket).refuse()
  }

  private open(socket: Socket): Http2Connection {
    let session: ServerHttp2Session | null = null
    this.server.once('session', (made) => {
      session = made
    })
    // The way to hand a socket to node:http2 that somebody else has accepted. The session is there when this returns.
    this.server.emit('connection', socket)
    const made = session as ServerHttp2Session | null
    assert(made !== null, 'node:http2 has made a session of the socket')
    made.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    const connection = new Http2Connection(made, socket, this.host)
    this.connections.add(connection)
    socket.once('close', () => this.connections.delete(connection))
    return connection
  }

  /** Takes no more requests on any connection, and says so; each ends when those that it has are over. */
  close(): void {
    for (const connection of this.connections) connection.close()
  }

  destroy(): void {
    for (const connection of this.connections) connection.destroy()
  }
}
