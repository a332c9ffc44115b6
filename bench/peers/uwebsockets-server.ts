import { App } from 'uWebSockets.js'

/** What it drops for a subscriber beyond this is counted nowhere. */
const BACKPRESSURE_BYTES_MAX = 64 * 1024 * 1024

const app = App()
app.ws('/*', {
  maxBackpressure: BACKPRESSURE_BYTES_MAX,
  message(ws, message, isBinary) {
    if (isBinary) {
      const bytes = Buffer.from(message)
      app.publish(bytes.toString('latin1', 1, 1 + bytes[0]), message, true)
      return
    }
    const { subscribe } = JSON.parse(Buffer.from(message).toString()) as { subscribe?: string }
    if (subscribe === undefined) ws.send('{"synced":1}')
    else {
      ws.subscribe(subscribe)
      ws.send(JSON.stringify({ subscribed: subscribe }))
    }
  },
})
app.listen('127.0.0.1', Number(process.argv[2]), () => {})
