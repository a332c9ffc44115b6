import { once } from 'node:events'
import { connect, createServer, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { readDirectly } from '../../../src/ingress/node/ws/direct-socket.js'
import { portOf } from '../../helpers/streams-server.js'
import { until } from '../../helpers/until.js'

async function pair(t: Test): Promise<{ accepted: Socket; client: Socket; server: ReturnType<typeof createServer> }> {
  const server = createServer({ allowHalfOpen: true })
  const port = await portOf(t, server)
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  client.on('error', () => {})
  t.teardown(() => client.destroy())
  const [accepted] = (await once(server, 'connection')) as [Socket]
  return { accepted, client, server }
}

const connectionsOf = (server: ReturnType<typeof createServer>): Promise<number> =>
  new Promise((resolve) => server.getConnections((_error, count) => resolve(count)))

t.test('what comes is put into the buffer, and what is written goes out', async (t) => {
  const { accepted, client, server } = await pair(t)
  const buffer = Buffer.alloc(1000)
  let came = ''
  const direct = readDirectly(accepted, buffer, (bytes) => {
    came += buffer.toString('latin1', 0, bytes)
  })
  t.ok(direct instanceof Socket, 'this Node can')
  if (direct === null) return
  const sent = 'x'.repeat(2500)
  client.write(sent)
  await until('all bytes', () => came.length === sent.length)
  t.equal(came, sent)
  direct.write('back')
  const [back] = (await once(client, 'data')) as [Buffer]
  t.equal(back.toString(), 'back')
  client.end()
  await once(direct, 'end')
  t.notOk(direct.destroyed, 'it may still send')
  direct.end('last')
  await once(direct, 'close')
  t.ok(accepted.destroyed)
  await until('the server counts it no more', async () => (await connectionsOf(server)) === 0)
})

t.test('a socket with much to read lets others have their turn', async (t) => {
  const { accepted, client } = await pair(t)
  const buffer = Buffer.alloc(100)
  let came = 0
  let readsInTurn = 0
  let readsInTurnMax = 0
  readDirectly(accepted, buffer, (bytes) => {
    came += bytes
    readsInTurnMax = Math.max(readsInTurnMax, ++readsInTurn)
  })
  let over = false
  const turn = (): void => {
    readsInTurn = 0
    if (!over) setImmediate(turn)
  }
  turn()
  client.write(Buffer.alloc(50_000))
  await until('all bytes', () => came === 50_000)
  over = true
  t.ok(readsInTurnMax <= 2, `${readsInTurnMax} reads in a turn`)
  accepted.destroy()
})

t.test('whoever cuts the socket that was accepted cuts the connection', async (t) => {
  const { accepted, client } = await pair(t)
  const direct = readDirectly(accepted, Buffer.alloc(10), () => {})
  accepted.destroy()
  await once(client.resume(), 'end')
  t.ok(direct?.destroyed)
})

t.test('a socket with bytes in its queues is left as it is', async (t) => {
  const { accepted, client } = await pair(t)
  client.write('early')
  await until('it has come', () => {
    accepted.read(0)
    return accepted.readableLength > 0
  })
  t.equal(
    readDirectly(accepted, Buffer.alloc(10), () => {}),
    null,
  )
  const [chunk] = (await once(accepted, 'data')) as [Buffer]
  t.equal(chunk.toString(), 'early')
  accepted.destroy()
  t.equal(
    readDirectly(accepted, Buffer.alloc(10), () => {}),
    null,
    'and one that is gone',
  )
})
