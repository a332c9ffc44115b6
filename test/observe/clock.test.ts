import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { sharedNow } from '../../src/observe/clock.js'

t.test('all threads have the same clock', async (t) => {
  const clock = new URL('../../src/observe/clock.js', import.meta.url).href
  const code = `import('${clock}').then(({ sharedNow }) => require('worker_threads').parentPort.postMessage(sharedNow()))`
  const before = sharedNow()
  const [there] = (await once(new Worker(code, { eval: true }), 'message')) as [number]
  const after = sharedNow()
  t.ok(before < there && there < after, `${before} < ${there} < ${after}`)
})
