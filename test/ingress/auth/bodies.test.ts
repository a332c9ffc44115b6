import t from 'tap'
import { Door } from '../../../src/ingress/door.js'
import { HttpApi } from '../../../src/ingress/http/api.js'
import type { HttpExchange } from '../../../src/ingress/http/exchange.js'
import { HttpMeters } from '../../../src/ingress/http/options.js'
import { Origins } from '../../../src/ingress/origins.js'
import { FakeGate, somebody } from '../../helpers/fake-gate.js'
import { HTTP_OPTIONS } from '../../helpers/http-api.js'
import { Http1Sender, Http2Sender } from '../../helpers/http-request.js'
import { nodeIngress } from '../../helpers/node-ingress.js'
import { until } from '../../helpers/until.js'
import { uwsIngress, uwsMissing } from '../../helpers/uws-ingress.js'

const HEADERS = { authorization: 'Bearer good', 'content-type': 'application/x-ndjson' }
const EVENTS = 300
/** More than what a port reads before somebody wants it. */
const BODY = `["event","a",3,"${'x'.repeat(700)}"]\n`.repeat(EVENTS)

const ways = [
  { name: 'HTTP/1.1 on uWebSockets.js', skip: uwsMissing, listen: uwsIngress, Sender: Http1Sender },
  { name: 'HTTP/1.1 on Node streams', skip: false, listen: nodeIngress, Sender: Http1Sender },
  { name: 'HTTP/2', skip: false, listen: nodeIngress, Sender: Http2Sender },
]

for (const { name, skip, listen, Sender } of ways) {
  t.test(`a body that has come before it is known whose it is, over ${name}`, { skip }, async (t) => {
    const gate = new FakeGate()
    gate.known.set('token good', somebody('shop'))
    const door = new Door(gate, new Origins([]))
    let api: HttpApi | null = null
    const { port, router } = await listen(t, (exchange: HttpExchange) => api?.handle(exchange), { door })
    api = new HttpApi(router, HTTP_OPTIONS, new HttpMeters(), 'sluice/test', door)
    const sender = new Sender(`http://127.0.0.1:${port}`)
    t.teardown(() => sender.close())
    const pieces = [BODY.slice(0, 1000), BODY.slice(1000, 100_000), BODY.slice(100_000)]

    for (const isGood of [true, false]) {
      gate.hold()
      const headers = isGood ? HEADERS : { ...HEADERS, authorization: 'Bearer bad' }
      const before = router.meters.accepted
      const answers = [sender.post('/v1/events', headers, pieces), sender.post('/v1/events', headers, pieces)]
      await until('both are looked at', () => gate.waiting === 2)
      gate.release()
      for (const { status, body } of await Promise.all(answers)) {
        t.equal(status, isGood ? 202 : 401)
        if (isGood) t.equal(body, `{"accepted":${EVENTS},"refused":0}\n`)
      }
      t.equal(router.meters.accepted - before, isGood ? 2 * EVENTS : 0)
    }
    t.equal(router.sessions.size, 0)
  })
}
