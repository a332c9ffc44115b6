import { createServer } from 'node:http2'

const server = createServer()
server.on('stream', (stream) => {
  stream.on('data', () => {})
  stream.on('end', () => stream.respond({ ':status': 202 }, { endStream: true }))
})
server.listen(Number(process.argv[2]), '127.0.0.1')
