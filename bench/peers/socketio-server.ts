import { createServer } from 'node:http'
import { Server } from 'socket.io'

/** Longer than anything is measured: its heartbeat costs nothing here, and need not be answered. */
const PING_INTERVAL_MS = 3_600_000

const http = createServer()
const io = new Server(http, { transports: ['websocket'], serveClient: false, pingInterval: PING_INTERVAL_MS })
// As its page on memory usage advises: the first request of each connection is kept otherwise.
io.engine.on('connection', (socket: { request: unknown }) => {
  socket.request = null
})
io.on('connection', (socket) => {
  socket.on('subscribe', (topic: string, done: () => void) => {
    socket.join(topic)
    done()
  })
  socket.on('publish', (topic: string, payload: Buffer) => io.to(topic).emit('event', topic, payload))
  socket.on('sync', (_value: string, done: () => void) => done())
})
http.listen(Number(process.argv[2]), '127.0.0.1')
