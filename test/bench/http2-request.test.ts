import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { Connection } from '../../bench/generator/connection.js'
import { openEventStreams } from '../../bench/generator/event-streams.js'
import { requestData } from '../../bench/generator/http2-request.js'
import { until } from '../helpers/until.js'

const READ_BYTES = 64 * 1024

async function serve(t: Test, answer: (stream: ServerHttp2Stream) => void, settings = {}): Promise<number> {
  const server: Http2Server = createServer({ settings })
  server.on('stream', answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  return (server.address() as AddressInfo).port
}

async function connect(t: Test, port: number): Promise<Connection> {
  const readBuffer = Buffer.alloc(READ_BYTES)
  const connection = await Connection.open(port, { carrier: 'http2', tls: false, subprotocol: null, readBuffer })
  t.teardown(() => connection.close())
  return connection
}

t.test('frames wait for the windows of the server, and all arrive in order', async (t) => {
  const received: Buffer[] = []
  const streams: ServerHttp2Stream[] = []
  const port = await serve(
    t,
    (stream) => {
      streams.push(stream)
      stream.respond({ ':status': 200 })
    },
    // Room for two frames and a half.
    { initialWindowSize: 25_000 },
  )
  const connection = await connect(t, port)
  let drained = 0
  connection.onDrain(() => drained++)
  const bodies = Array.from({ length: 40 }, (_, i) => Buffer.alloc(10_000, i))
  const frames = bodies.map((body) => requestData([body]))
  t.notOk(connection.write(Buffer.concat(frames)), 'more than the windows hold')
  await until('the request', () => streams.length > 0)
  t.equal(drained, 0, 'nobody reads yet')
  streams[0].on('data', (chunk: Buffer) => received.push(chunk))
  await until('all of it', () => received.reduce((sum, each) => sum + each.length, 0) === 400_000)
  t.ok(Buffer.concat(received).equals(Buffer.concat(bodies)))
  await until('the writer is told', () => drained === 1)
  t.match(streams[0].sentHeaders, { ':status': 200 })
})

t.test('the answer streams to the inbox, in order, however long', async (t) => {
  const parts = Array.from({ length: 100 }, (_, i) => Buffer.alloc(3000, i))
  const port = await serve(t, (stream) => {
    stream.respond({ ':status': 200 })
    stream.on('data', () => {
      for (const part of parts) stream.write(part)
    })
  })
  const connection = await connect(t, port)
  connection.send(Buffer.from('go'))
  const expected = Buffer.concat(parts)
  await connection.until('the answer', (bytes) => (bytes.length < expected.length ? -1 : bytes.length))
  t.equal(connection.failure, null)
})

t.test('a refusal fails the connection with what the server said', async (t) => {
  const port = await serve(t, (stream) => {
    stream.respond({ ':status': 406, 'content-type': 'application/problem+json' })
    stream.end('{"name":"not_acceptable"}')
  })
  const connection = await connect(t, port)
  await t.rejects(
    connection.until('an answer', () => -1),
    /refused: .*not_acceptable/,
  )
})

t.test('event streams are open once each has begun, and a refused one says why', async (t) => {
  const opened = new Set<string>()
  const port = await serve(t, (stream) => {
    opened.add(String(stream.id))
    stream.respond({ ':status': 200, 'content-type': 'text/event-stream' })
    stream.write(': \n\n')
  })
  const held = await openEventStreams(port, false, 8, Buffer.alloc(READ_BYTES))
  t.equal(opened.size, 8)
  t.equal(held.failure, null)
  held.close()

  const refusing = await serve(t, (stream) => {
    stream.respond({ ':status': 503 })
    stream.end('{"name":"overloaded"}')
  })
  await t.rejects(openEventStreams(refusing, false, 2, Buffer.alloc(READ_BYTES)), /overloaded/)
})
