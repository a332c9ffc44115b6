import t from 'tap'
import { Door } from '../../../src/ingress/door.js'
import { Origins } from '../../../src/ingress/origins.js'
import { Code } from '../../../src/protocol/codes.js'
import { Op, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from '../../../src/protocol/ops.js'
import { FakeGate, somebody } from '../../helpers/fake-gate.js'
import { RawClient } from '../../helpers/raw-client.js'
import { uwsIngress, uwsMissing } from '../../helpers/uws-ingress.js'

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

t.test('a token in the header of the upgrade', { skip: uwsMissing }, async (t) => {
  const gate = new FakeGate()
  const shop = somebody('shop')
  gate.known.set('token good', shop)
  const { port, router } = await uwsIngress(t, () => {}, { door: new Door(gate, new Origins([])) })
  gate.guard(router)
  for (const isSlow of [false, true]) {
    gate.isSlow = isSlow
    const client = await RawClient.open(`ws://127.0.0.1:${port}`, [SUBPROTOCOL_MSGPACK], bearer('good'))
    t.equal(client.socket.protocol, SUBPROTOCOL_MSGPACK)
    t.equal(gate.opened_.at(-1)?.who, shop)
    client.publish('a', 'x')
    t.equal((await client.sync()).accepted, 1)
    await client.close()
    const refused = RawClient.open(`ws://127.0.0.1:${port}`, [SUBPROTOCOL_MSGPACK], bearer('bad'))
    // uWebSockets.js cannot be kept waiting.
    if (isSlow) t.equal((await (await refused).untilClosed()).code, Code.BAD_CREDENTIALS)
    else await t.rejects(refused, /401/)
  }
})

t.test('who shows nothing is locked until AUTH', { skip: uwsMissing }, async (t) => {
  const gate = new FakeGate()
  gate.known.set('token good', somebody('shop'))
  const { port, router } = await uwsIngress(t, () => {}, { door: new Door(gate, new Origins([])) })
  gate.guard(router)
  const client = await RawClient.open(`ws://127.0.0.1:${port}`)
  client.publish('a', 'x')
  await client.until('a refusal', () => client.errors.includes(Code.UNAUTHENTICATED))
  client.send({ op: Op.AUTH, request: 7, credentials: { token: 'good' } })
  await client.until('OK', () => client.told(Op.OK).some(({ request, info }) => request === 7 && info?.user === 'shop'))
  client.publish('a', 'x')
  const { accepted, refused } = await client.sync()
  t.same([accepted, refused], [1, 1])
  client.send({ op: Op.AUTH, request: 8, credentials: { token: 'bad' } })
  t.equal((await client.untilClosed()).code, Code.BAD_CREDENTIALS)

  const json = await RawClient.open(`ws://127.0.0.1:${port}`, [SUBPROTOCOL_JSON])
  json.socket.send('["auth",1,{"token":"good"}]')
  await json.until('ok', () => json.lines.some(([op, request]) => op === 'ok' && request === 1))
  json.cut()
})
