import { type WebSocket, WebSocketServer } from 'ws'

const socketsOf = new Map<string, Set<WebSocket>>()

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]), perMessageDeflate: false })
server.on('connection', (socket) => {
  socket.on('message', (message: Buffer, isBinary) => {
    if (!isBinary) {
      command(socket, JSON.parse(message.toString()))
      return
    }
    const topic = message.toString('latin1', 1, 1 + message[0])
    for (const subscriber of socketsOf.get(topic) ?? []) subscriber.send(message)
  })
  socket.on('close', () => {
    for (const sockets of socketsOf.values()) sockets.delete(socket)
  })
  socket.on('error', () => socket.terminate())
})

function command(socket: WebSocket, { subscribe }: { subscribe?: string }): void {
  if (subscribe === undefined) {
    socket.send('{"synced":1}')
    return
  }
  const sockets = socketsOf.get(subscribe) ?? new Set()
  socketsOf.set(subscribe, sockets.add(socket))
  socket.send(JSON.stringify({ subscribed: subscribe }))
}
