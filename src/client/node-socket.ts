import WebSocket from 'ws'
import { mayTryAgain } from '../protocol/codes.js'
import { type Dialer, type Place, reasonOf } from './node-dial.js'
import { FrameWriter } from './node-frames.js'
import { refusal } from './refusal.js'
import { type ClientSocket, type Closed, RECEIVE_BYTES_MAX, type SocketEvents, type SocketFactory } from './runtime.js'

/** WebSocket begins as HTTP/1.1. */
const ALPN_HTTP1 = 'http/1.1'
/** So much of a refusal's text is read. */
const REFUSAL_CHARS_MAX = 16 * 1024

/**
 * Sockets by `ws`, for Node. What is sent goes straight to the TCP or TLS socket below, which is ours: `ws` masks byte by byte. Its own frames (pong,
 * close) it writes to the same socket at once, so that all keep their order.
 */
export function webSockets(dialer: Dialer): SocketFactory {
  return (url, subprotocol, events) => {
    const isSecure = new URL(url).protocol === 'wss:'
    let frames: FrameWriter | undefined
    const createConnection = (options: unknown) => {
      const { host, port } = options as Place
      const socket = isSecure ? dialer.tls({ host, port }, ALPN_HTTP1) : dialer.tcp({ host, port })
      frames = new FrameWriter(socket)
      return socket
    }
    const options = { perMessageDeflate: false, maxPayload: RECEIVE_BYTES_MAX, createConnection }
    const socket = new WebSocket(url, [subprotocol], options)
    return open(socket, (bytes, sent) => frames?.send(bytes, sent), events)
  }
}

type Send = (bytes: Uint8Array, sent: () => void) => void

function open(socket: WebSocket, send: Send, events: SocketEvents): ClientSocket {
  socket.binaryType = 'nodebuffer'
  let failure: Error | undefined
  let refused: Closed | null = null
  socket.on('open', () => events.opened())
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) events.received(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    else events.receivedText()
  })
  // 'close' follows each of these.
  socket.on('error', (error) => {
    failure = error
  })
  socket.on('unexpected-response', (request, response) => {
    const status = response.statusCode ?? 0
    refused = refusal(status)
    const over = (): void => {
      request.destroy()
      socket.terminate()
    }
    let body = ''
    response.setEncoding('utf8')
    response.on('data', (piece: string) => {
      body += piece
      if (body.length > REFUSAL_CHARS_MAX) over()
    })
    response.on('error', over)
    response.on('end', () => {
      refused = refusal(status, response.headers['content-type'], body)
      over()
    })
  })
  socket.on('close', (code, reason) => {
    if (refused !== null) return events.closed(refused)
    const text = reason.toString() || (failure === undefined ? '' : reasonOf(failure))
    events.closed({ code, reason: text, mayRetry: mayTryAgain(code), cause: failure })
  })
  const sent = () => events.drained()
  return {
    send: (bytes) => {
      if (socket.readyState === WebSocket.OPEN) send(bytes, sent)
    },
    bufferedBytes: () => socket.bufferedAmount,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  }
}
