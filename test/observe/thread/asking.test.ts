import t from 'tap'
import type { FromThread } from '../../../src/observe/messages.js'
import { Asking } from '../../../src/observe/thread/asking.js'

function asking(): { asking: Asking; asked: Extract<FromThread, { kind: 'ask' }>[] } {
  const asked: Extract<FromThread, { kind: 'ask' }>[] = []
  return { asked, asking: new Asking({ postMessage: (message: FromThread) => void asked.push(message as never) }) }
}

t.test('answers find who asked, in any order; what nobody waits for is ignored', async (t) => {
  const { asking: questions, asked } = asking()
  const first = questions.ask('isOverloaded', null)
  const second = questions.ask('openapi', null)
  t.match(asked, [{ question: 'isOverloaded' }, { question: 'openapi' }])
  questions.hear({ kind: 'answer', id: asked[1].id, value: '{}' })
  questions.hear({ kind: 'answer', id: asked[1].id, value: 'again' })
  questions.hear({ kind: 'answer', id: 99, value: null })
  questions.hear({ kind: 'answer', id: asked[0].id, value: true })
  t.same(await Promise.all([first, second]), [true, '{}'])
})

t.test('refusals are problems of the operator with a status, or ours without', async (t) => {
  const { asking: questions, asked } = asking()
  const wrong = questions.ask('openapi', null)
  const broken = questions.ask('openapi', null)
  questions.hear({ kind: 'refusal', id: asked[0].id, status: 404, message: 'no such thing' })
  questions.hear({ kind: 'refusal', id: asked[1].id, status: 0, message: 'a bug' })
  await t.rejects(wrong, { name: 'AdminProblem', status: 404, message: 'no such thing' })
  await t.rejects(broken, { name: 'Error', message: 'a bug' })
})

t.test('no answer is an answer after two seconds, and questions do not pile up meanwhile', async (t) => {
  const { asking: questions, asked } = asking()
  const open = Array.from({ length: 300 }, () => questions.ask('openapi', null).catch((error: Error) => error))
  t.equal(asked.length, 256)
  t.match(await open[299], { name: 'AdminProblem', status: 503 })
  t.match(await open[0], { status: 503, message: /has not answered/ })
  const later = questions.ask('isOverloaded', null)
  questions.hear({ kind: 'answer', id: asked[256].id, value: false })
  t.equal(await later, false, 'then there is room again')
})
