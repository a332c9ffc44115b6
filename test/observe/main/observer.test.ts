import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Worker } from 'node:worker_threads'
import t from 'tap'
import { Observer } from '../../../src/observe/main/observer.js'
import { AdminProblem } from '../../../src/observe/thread/routes.js'
import { scrape } from '../../helpers/metrics.js'
import { observerHere, observerParts } from '../../helpers/observer.js'
import { until } from '../../helpers/until.js'

async function health(url: string): Promise<{ status: number; reason: string | undefined }> {
  const response = await fetch(url)
  return { status: response.status, reason: ((await response.json()) as { reason?: string }).reason }
}

t.test('phases: live in all of them, ready in one; overloaded is not ready', async (t) => {
  let isOverloaded = false
  const { observer, url } = await observerHere(t, { isOverloaded: () => isOverloaded })
  t.same(await health(`${url}/readyz`), { status: 503, reason: 'starting' })
  observer.phase = 'ready'
  t.same(await health(`${url}/readyz`), { status: 200, reason: undefined })
  isOverloaded = true
  t.match(await health(`${url}/readyz`), { status: 503, reason: /^overloaded/ })
  isOverloaded = false
  observer.phase = 'draining'
  t.same(await health(`${url}/readyz`), { status: 503, reason: 'draining' })
  t.match(await health(`${url}/livez`), { status: 200 })
})

t.test('a router that lets nothing through is dead within three seconds, though the process answers', async (t) => {
  let lets = true
  let lastMs = 0
  const { observer, url } = await observerHere(t, {
    probe: (onArrival) => {
      if (!lets) return
      lastMs = performance.now()
      onArrival()
    },
  })
  observer.phase = 'ready'
  t.match(await health(`${url}/livez`), { status: 200 })
  lets = false
  await until('it is dead', async () => (await health(`${url}/livez`)).status === 503)
  t.ok(performance.now() - lastMs > 1900, 'not because of one canary that is late')
  t.match(await health(`${url}/livez`), { status: 503, reason: /^nothing is routed: .* for \d+\.\d s$/ })
  t.match(await health(`${url}/readyz`), { status: 503, reason: /^nothing is routed/ })
  lets = true
  await until('it is live again', async () => (await health(`${url}/livez`)).status === 200)
})

t.test('a thread that dies is started again on the same port, and nobody else notices', async (t) => {
  const { observer, url, heard } = await observerHere(t)
  observer.phase = 'ready'
  for (let deaths = 1; deaths <= 2; deaths++) {
    await (Reflect.get(observer, 'worker') as Worker).terminate()
    await until('it answers again', async () => {
      const answer = await fetch(`${url}/readyz`).catch(() => null)
      return answer?.status === 200
    })
    await until('that is in the log', () => heard.logs.filter((line) => line.endsWith('is back')).length === deaths)
  }
  t.equal(heard.logs.filter((line) => line.startsWith('the observer thread has ended')).length, 2)
  t.equal((await scrape(url)).get('sluice_observer_deaths_total'), 2)
  const seen = heard.topics.length
  await until('it publishes again', () => heard.topics.length > seen)
})

t.test('a thread that fails says why before it is started again', async (t) => {
  const { observer, heard } = await observerHere(t)
  const worker = Reflect.get(observer, 'worker') as Worker
  worker.emit('error', new Error('out of memory'))
  t.same(heard.logs, ['the observer thread has failed'])
})

t.test('what the thread asks is answered, refused with a reason, or fails for itself', async (t) => {
  const { url, heard } = await observerHere(t, {
    answers: {
      openapi: () => '{"openapi":"3.1.0"}',
      connectionRows: () => {
        throw new AdminProblem(404, 'there is no such session')
      },
      closed: () => {
        throw new Error('a bug')
      },
    },
  })
  t.equal(await (await fetch(`${url}/openapi.json`)).text(), '{"openapi":"3.1.0"}')
  const refused = await fetch(`${url}/connections/7`)
  t.match([refused.status, await refused.text()], [404, /no such session/])
  t.equal((await fetch(`${url}/connections/closed`)).status, 500)
  t.match(heard.logs, ['a question of the observer thread has failed'])
  t.equal((await fetch(`${url}/topics`)).status, 501, 'nobody answers that here')
})

t.test('a port that is taken is a sentence, and no thread stays behind', async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const parts = observerParts(t, { topics: [], logs: [] })
  const admin = { host: '127.0.0.1', port, names: [], isOpen: true }
  const observer = new Observer({ ...parts, settings: { ...parts.settings, admin } })
  await t.rejects(observer.start(), /EADDRINUSE/)
  await observer.stop()
  t.equal(Reflect.get(observer, 'worker'), null)
})

t.test('a thread that hangs is ended, and started again', async (t) => {
  const heard = { topics: [], logs: [] as string[] }
  const hanging = new URL('../../helpers/hanging-thread.js', import.meta.url)
  const observer = new Observer(observerParts(t, heard), hanging, 100)
  t.teardown(() => observer.stop())
  await observer.start()
  await until('it is ended', () => heard.logs.some((line) => line.includes('hangs')))
  await until('it is started again', () => heard.logs.some((line) => line.endsWith('is back')))
})

t.test('without an admin port it publishes all the same, and stops', async (t) => {
  const heard = { topics: [] as string[], logs: [] }
  const parts = observerParts(t, heard)
  const observer = new Observer({ ...parts, settings: { ...parts.settings, admin: null } })
  t.equal(await observer.start(), 0)
  await until('it publishes', () => heard.topics.includes('$sys.stats'))
  await observer.stop()
  t.same(heard.logs, [])
})
