import { mayTryAgain } from '../protocol/codes.js'
import { CLOSE_ABNORMAL } from './refusal.js'
import { SOCKET_BYTES_MAX, type SocketFactory } from './runtime.js'
import { shownUrl } from './url.js'

/** The WebSocket API does not say when its buffer empties, so while it is full it is looked at so often. */
const DRAIN_POLL_MS = 5

/** Sockets by the platform's WebSocket: browsers, workers, Node 22, Deno. */
export const openWebSocket: SocketFactory = (url, subprotocol, events) => {
  // Newer ones would take it for ws(s)://, and no other port than that of WebSocket would answer.
  if (/^https?:/i.test(url)) throw new SyntaxError('http:// and https:// are for Node; here say ws:// or wss://')
  // Some platforms would leave it out without a word, and an address ends up in logs.
  if (shownUrl(url) !== url)
    throw new SyntaxError('a name and password are not taken from the URL here: say user and password')
  const socket = new WebSocket(url, subprotocol)
  socket.binaryType = 'arraybuffer'
  let polling = false
  let isOver = false
  const poll = () => {
    polling = false
    if (isOver) return
    if (socket.bufferedAmount > SOCKET_BYTES_MAX) watch()
    else events.drained()
  }
  const watch = () => {
    if (polling) return
    polling = true
    setTimeout(poll, DRAIN_POLL_MS)
  }
  socket.onopen = () => events.opened()
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) events.received(new Uint8Array(data))
    else events.receivedText()
  }
  const over = (code: number, reason: string) => {
    if (isOver) return
    isOver = true
    events.closed({ code, reason, mayRetry: mayTryAgain(code) })
  }
  socket.onclose = ({ code, reason }) => over(code, reason)
  // In browsers 'close' follows at once; Node's own WebSocket says no more when the connection could not be made.
  socket.onerror = () => {
    setTimeout(() => over(CLOSE_ABNORMAL, 'the connection failed'))
  }
  return {
    send: (bytes) => {
      if (socket.readyState !== WebSocket.OPEN) return
      socket.send(bytes as Uint8Array<ArrayBuffer>)
      if (socket.bufferedAmount > SOCKET_BYTES_MAX) watch()
    },
    bufferedBytes: () => socket.bufferedAmount,
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.close(),
  }
}
