import WebSocket from 'ws'
import { mayTryAgain } from '../protocol/codes.js'
import { RECEIVE_BYTES_MAX, type SocketFactory } from './runtime.js'

/** Sockets by `ws`, for Node. It copies what is sent while masking it, so the bytes are the caller's again at once. */
export const openNodeSocket: SocketFactory = (url, subprotocol, events) => {
  const socket = new WebSocket(url, [subprotocol], { perMessageDeflate: false, maxPayload: RECEIVE_BYTES_MAX })
  socket.binaryType = 'nodebuffer'
  let failure: Error | undefined
  let refusedStatus = 0
  socket.on('open', () => events.opened())
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) events.received(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    else events.receivedText()
  })
  // 'close' follows each of these.
  socket.on('error', (error) => {
    failure = error
  })
  socket.on('unexpected-response', (_request, response) => {
    refusedStatus = response.statusCode ?? 0
    socket.terminate()
  })
  socket.on('close', (code, reason) => {
    if (refusedStatus !== 0) {
      return events.closed({ code, reason: `HTTP status ${refusedStatus}`, mayRetry: mayRetryStatus(refusedStatus) })
    }
    const text = reason.toString() || failure?.message || ''
    events.closed({ code, reason: text, mayRetry: mayTryAgain(code), cause: failure })
  })
  const sent = () => events.drained()
  return {
    send: (bytes) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(bytes, sent)
    },
    bufferedBytes: () => socket.bufferedAmount,
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  }
}

/** Refused before the WebSocket: busy servers and proxies may be tried again, a wrong address may not. */
function mayRetryStatus(status: number): boolean {
  return status >= 500 || status === 408 || status === 429
}
