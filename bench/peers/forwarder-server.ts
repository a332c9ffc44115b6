import { App, type WebSocket } from 'uWebSockets.js'

/** A saturated socket is read on and on within one turn, so that what has come is sent on from here on. */
const PENDING_BYTES_MAX = 64 * 1024
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024

const subscribers = new Set<WebSocket<unknown>>()
const pending = Buffer.allocUnsafeSlow(PENDING_BYTES_MAX)
let pendingBytes = 0
let isScheduled = false

const app = App()
app.ws('/*', {
  maxPayloadLength: MESSAGE_BYTES_MAX,
  // 0 is no limit.
  maxBackpressure: 0,
  message(ws, message, isBinary) {
    if (isBinary) forward(message)
    else command(ws, Buffer.from(message).toString())
  },
  close: (ws) => void subscribers.delete(ws),
})
app.listen('127.0.0.1', Number(process.argv[2]), () => {})

function forward(message: ArrayBuffer): void {
  const { byteLength } = message
  if (pendingBytes + byteLength > PENDING_BYTES_MAX) flush()
  if (byteLength > PENDING_BYTES_MAX) {
    send(message)
    return
  }
  pending.set(new Uint8Array(message), pendingBytes)
  pendingBytes += byteLength
  if (isScheduled) return
  isScheduled = true
  setImmediate(turnEnds)
}

function turnEnds(): void {
  isScheduled = false
  flush()
}

function flush(): void {
  if (pendingBytes === 0) return
  const bytes = pending.subarray(0, pendingBytes)
  pendingBytes = 0
  send(bytes)
}

function send(bytes: ArrayBuffer | Uint8Array): void {
  for (const subscriber of subscribers) subscriber.send(bytes, true)
}

function command(ws: WebSocket<unknown>, text: string): void {
  if (text === 'subscribe') {
    subscribers.add(ws)
    ws.send('subscribed')
  } else ws.send('synced')
}
