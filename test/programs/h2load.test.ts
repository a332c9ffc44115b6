import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseH2load } from '../../bench/generator/h2load.js'
import { DaemonProcess } from '../helpers/daemon.js'
import { Authority } from '../helpers/pki.js'
import { missing, run } from './programs.js'

t.setTimeout(120_000)

const skip = missing('h2load', 'nghttp2-client') || missing('openssl')
const REQUESTS = 2000
const CONNECTIONS = 8
const STREAMS = 10

async function burst(t: Test, url: string, ...words: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-h2load-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const body = join(folder, 'body.json')
  writeFileSync(body, '{"id":1}')
  const load = ['-n', REQUESTS, '-c', CONNECTIONS, '-m', STREAMS].map(String)
  const request = ['-d', body, '-H', 'content-type: application/json', `${url}/v1/topics/orders.eu`]
  const { code, stdout } = await run(t, 'h2load', [...load, ...words, ...request])
  t.equal(code, 0)
  return parseH2load(stdout)
}

t.test('a burst of publishes: each is accepted, none is refused', { skip }, async (t) => {
  const { certFile, keyFile } = new Authority(t).issue()
  const daemon = await DaemonProcess.start(t, { 'tls.certificate': certFile, 'tls.key': keyFile })
  const http = daemon.url.replace(/^ws:/, 'http:')
  const ways = [[daemon.http2Url], [daemon.httpsUrl], [http, '--h1'], [daemon.http2Url, '--h1']]
  for (const [url, ...words] of ways) {
    const before = (await daemon.scrape()).get('sluice_events_accepted_total')
    t.match(
      await burst(t, url, ...words),
      { sent: REQUESTS, accepted: REQUESTS, refused: 0 },
      [url, ...words].join(' '),
    )
    const scrape = await daemon.scrape()
    t.equal(scrape.get('sluice_events_accepted_total') - before, REQUESTS)
    t.same(scrape.imbalance, { routing: 0, delivery: 0 })
  }
})
