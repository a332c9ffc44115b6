import { createServer } from 'node:http2'

const server = createServer()
server.on('stream', (stream, { ':method': method }) => {
  stream.on('error', () => {})
  if (method === 'GET') {
    stream.respond({ ':status': 200, 'content-type': 'text/event-stream' })
    stream.write(': \n\n')
    return
  }
  stream.on('data', () => {})
  stream.on('end', () => stream.respond({ ':status': 202 }, { endStream: true }))
})
server.listen(Number(process.argv[2]), '127.0.0.1')
