import WebSocket from 'ws'
import { mayTryAgain } from '../protocol/codes.js'
import { type Dialer, type Place, reasonOf } from './node-dial.js'
import { refusal } from './refusal.js'
import { type ClientSocket, type Closed, RECEIVE_BYTES_MAX, type SocketEvents, type SocketFactory } from './runtime.js'

/** WebSocket begins as HTTP/1.1. */
const ALPN_HTTP1 = 'http/1.1'
/** So much of a refusal's text is read. */
const REFUSAL_CHARS_MAX = 16 * 1024

/** Sockets by `ws`, for Node. It copies what is sent while masking it, so the bytes are the caller's again at once. */
export function webSockets(dialer: Dialer): SocketFactory {
  return (url, subprotocol, events) => {
    const isSecure = new URL(url).protocol === 'wss:'
    const dial = (place: unknown) => dialer.tls(place as Place, ALPN_HTTP1)
    const options = { perMessageDeflate: false, maxPayload: RECEIVE_BYTES_MAX }
    return open(new WebSocket(url, [subprotocol], isSecure ? { ...options, createConnection: dial } : options), events)
  }
}

function open(socket: WebSocket, events: SocketEvents): ClientSocket {
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
      if (socket.readyState === WebSocket.OPEN) socket.send(bytes, sent)
    },
    bufferedBytes: () => socket.bufferedAmount,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  }
}
