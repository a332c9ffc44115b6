import t from 'tap'
import { daemonHere } from '../helpers/daemon.js'
import { http1Peer, http2Peer } from '../helpers/http-peer.js'
import { until } from '../helpers/until.js'

const TRICKLE_MS = 50

t.setTimeout(60_000)

for (const [name, open] of [
  ['HTTP/1.1', http1Peer],
  ['HTTP/2', http2Peer],
] as const) {
  t.test(`${name}: bodies that trickle are answered in time, and cost nobody else anything`, async (t) => {
    const CROWD = 30
    const daemon = await daemonHere(t, { 'http.body_timeout': '1s' })
    const port = Number(new URL(daemon.http2Url).port)
    const slow = open(port)
    const good = open(port)
    t.teardown(() => {
      slow.close()
      good.close()
    })
    const crowd = Array.from({ length: CROWD }, () =>
      slow.request({ method: 'POST', target: '/v1/topics/slow', headers: { 'content-length': '10000' } }),
    )
    const timer = setInterval(() => {
      for (const request of crowd) if (!request.isEnded && !request.isCut) request.write('x')
    }, TRICKLE_MS)
    let published = 0
    while (crowd.some(({ status }) => status === 0)) {
      const request = good.request({ method: 'POST', target: '/v1/topics/good' })
      request.end('body')
      t.equal((await request.done()).status, 202)
      published++
    }
    clearInterval(timer)
    for (const { status } of crowd) t.equal(status, 408)
    t.ok(published > 0)
    const scraped = await daemon.scrape()
    t.equal(scraped.get('sluice_http_requests_total', 'status', '408'), CROWD)
    t.equal(scraped.get('sluice_events_accepted_total'), published, 'and nothing of theirs was taken')
    // Over HTTP/2 the connection that they came on goes on.
    if (open === http2Peer) {
      const again = slow.request({ method: 'POST', target: '/v1/topics/good' })
      again.end('body')
      t.equal((await again.done()).status, 202)
    } else await until('their answers are whole', () => crowd.every(({ isEnded, isCut }) => isEnded || isCut))
  })
}
