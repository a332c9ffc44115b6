import t from 'tap'
import { Router } from '../../../src/core/router.js'
import { NO_PROXIES } from '../../../src/ingress/addresses.js'
import { IngressMeters, type IngressOptions } from '../../../src/ingress/ingress.js'
import { JsonWriter } from '../../../src/ingress/json-session.js'
import { BufferPool } from '../../../src/ingress/node/ws/buffer-pool.js'
import { Connection } from '../../../src/ingress/node/ws/connection.js'
import { Staging } from '../../../src/ingress/node/ws/staging.js'
import { SimdWalker } from '../../../src/ingress/node/ws/walker.js'
import { admissionOf } from '../../helpers/admission.js'
import { ManualHost } from '../../helpers/core-host.js'
import { coreOptions } from '../../helpers/core-options.js'
import { Channel } from '../../helpers/ws-channel.js'
import { clientFrame } from '../../helpers/ws-frames.js'

const PING = 9
const PONG = 10
const IDLE_MS = 1000

/** A connection whose clock and stream are the test's. */
function connected() {
  const meters = new IngressMeters()
  const router = new Router(coreOptions(), new ManualHost())
  const staging = new Staging(router.slabs)
  const options: IngressOptions = {
    listener: 'http2',
    admission: admissionOf(meters),
    proxies: NO_PROXIES,
    idleTimeoutMs: IDLE_MS,
    headerTimeoutMs: 5000,
    messageTimeMs: 30_000,
    messageBytesMax: 4096,
    socketBuffers: { receive: 0, send: 0 },
    warn: () => {},
  }
  const clock = { now: 1 }
  let ended = false
  const channel = new Channel()
  const connection = new Connection(
    {
      router,
      options,
      meters,
      staging,
      walker: new SimdWalker(staging),
      buffers: new BufferPool(),
      json: new JsonWriter(),
      now: () => clock.now,
      ended: () => {
        ended = true
      },
      gone: () => {},
    },
    channel,
    false,
    0,
    { network: '', isStream: false },
  )
  const lookAt = (ms: number): boolean => {
    clock.now = 1 + ms
    connection.look(clock.now)
    return !ended
  }
  /** The peer asks something, and the answer is in the way of all that comes. */
  const fill = () => {
    channel.takesAtOnce = false
    connection.receive(clientFrame(PING, 'anybody there?'))
  }
  return { channel, connection, lookAt, fill }
}

t.test('who is silent is asked, and has half of the time to answer', async (t) => {
  const { channel, connection, lookAt } = connected()
  t.ok(lookAt(IDLE_MS / 2))
  t.same(channel.payloads(PING), [''])
  t.ok(lookAt(IDLE_MS - 1))
  connection.receive(clientFrame(PONG))
  t.ok(lookAt(IDLE_MS + 1), 'it has answered')
  t.ok(lookAt(2 * IDLE_MS - 1))
  t.notOk(lookAt(2 * IDLE_MS + IDLE_MS / 2), 'and then it has not')
})

t.test('who has much to read when it is to be asked is asked when it has read it', async (t) => {
  const { channel, connection, lookAt, fill } = connected()
  fill()
  t.ok(lookAt(IDLE_MS / 2))
  t.ok(lookAt(IDLE_MS - 100))
  t.same(channel.payloads(PING), [])
  await channel.release()
  t.same(channel.payloads(PING), [''])
  t.ok(lookAt(IDLE_MS + 100), 'it was asked late, so it may answer late')
  connection.receive(clientFrame(PONG))
  t.ok(lookAt(2 * IDLE_MS))
})

t.test('who was asked late and does not answer is closed', async (t) => {
  const { channel, lookAt, fill } = connected()
  fill()
  t.ok(lookAt(IDLE_MS / 2))
  t.ok(lookAt(IDLE_MS - 100))
  await channel.release()
  t.ok(lookAt(IDLE_MS + IDLE_MS / 2 - 101))
  t.notOk(lookAt(IDLE_MS + IDLE_MS / 2 - 100))
})

t.test('who takes nothing at all is closed without having been asked', async (t) => {
  const { channel, lookAt, fill } = connected()
  fill()
  t.ok(lookAt(IDLE_MS / 2))
  t.ok(lookAt(IDLE_MS - 1))
  t.notOk(lookAt(IDLE_MS))
  t.same(channel.payloads(PING), [])
})
