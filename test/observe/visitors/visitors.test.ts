import t from 'tap'
import type { Question, Questions } from '../../../src/observe/questions.js'
import type { ThreadContext } from '../../../src/observe/thread/part.js'
import type { AdminProblem } from '../../../src/observe/thread/routes.js'
import type { Standing } from '../../../src/observe/visitors/questions.js'
import { Visitors } from '../../../src/observe/visitors/visitors.js'

const ADMIN: Standing = { kind: 'admin', user: 'root' }

/** Visitors with a clock that is moved by hand, and somebody who knows the answers. */
class Port {
  now = 1_000_000
  isOpen = false
  readonly asked: string[] = []
  answer: (authorization: string) => Promise<Standing> = async (authorization) =>
    authorization === 'Bearer right' ? ADMIN : { kind: 'nobody' }
  readonly visitors: Visitors

  constructor() {
    const port = this
    const settings = {
      admin: {
        host: '',
        port: 0,
        names: [],
        get isOpen() {
          return port.isOpen
        },
      },
    }
    this.visitors = new Visitors({
      settings: settings as unknown as ThreadContext['settings'],
      now: () => this.now,
      ask: <Q extends Question>(_question: Q, given: Questions[Q]['given']) => {
        const { authorization } = given as Questions['identify']['given']
        this.asked.push(authorization)
        return this.answer(authorization) as Promise<Questions[Q]['answer']>
      },
    })
  }

  /** 200, or the status of the problem with its headers. */
  async visit(authorization: string | null, address = '192.0.2.1', path = '/metrics'): Promise<unknown> {
    const headers = authorization === null ? {} : { authorization }
    try {
      await this.visitors.admit(path, headers, address)
      return 200
    } catch (error) {
      return (error as AdminProblem).status
    }
  }

  count(outcome: string): number {
    const [{ read }] = this.visitors.metrics
    const values = read() as readonly (readonly [readonly string[], number])[]
    return values.find(([[label]]) => label === outcome)?.[1] ?? Number.NaN
  }
}

t.test('an open port asks nobody', async (t) => {
  const port = new Port()
  port.isOpen = true
  t.equal(await port.visit(null), 200)
  t.equal(await port.visit('Bearer wrong'), 200)
  t.same(port.asked, [])
  port.isOpen = false
  t.equal(await port.visit(null), 401, 'and may be closed while it runs')
})

t.test('a port that is not open is for admins; health is for everybody', async (t) => {
  const port = new Port()
  t.equal(await port.visit(null, '192.0.2.1', '/livez'), 200)
  t.equal(await port.visit(null, '192.0.2.1', '/readyz'), 200)
  t.equal(await port.visit(null), 401)
  t.equal(await port.visit('Bearer wrong'), 401)
  t.equal(await port.visit('Bearer right'), 200)
  port.answer = async () => ({ kind: 'other', user: 'shop' })
  t.equal(await port.visit('Bearer shop'), 403)
  port.answer = async () => ({ kind: 'unavailable' })
  t.equal(await port.visit('Bearer later'), 503)
  t.same(
    ['admitted', 'anonymous', 'wrong', 'not_admin', 'throttled', 'unavailable'].map((outcome) => port.count(outcome)),
    [1, 1, 1, 1, 0, 1],
  )
})

t.test('browsers are asked, by two challenges', async (t) => {
  const port = new Port()
  const problem: AdminProblem = await port.visitors.admit('/', {}, '192.0.2.1').then(
    () => t.fail('it lets in anybody'),
    (error) => error,
  )
  t.match(problem, { status: 401, headers: { 'www-authenticate': [/^Basic realm="/, /^Bearer realm="/] } })
})

t.test('a verdict is asked for once in a while, and not longer good than for a second', async (t) => {
  const port = new Port()
  t.same(await Promise.all([port.visit('Bearer right'), port.visit('Bearer right')]), [200, 200])
  t.equal(port.asked.length, 1, 'for several at a time once')
  port.now += 500
  t.equal(await port.visit('Bearer right'), 200)
  t.equal(port.asked.length, 1)
  port.answer = async () => ({ kind: 'nobody' })
  port.now += 500
  t.equal(await port.visit('Bearer right'), 401, 'who is revoked is out within a second')
  t.equal(port.asked.length, 2)
})

t.test('who guesses is slowed down, however many at a time; others are not', async (t) => {
  const port = new Port()
  t.equal(await port.visit('Bearer right', '192.0.2.7'), 200)
  const guesses = await Promise.all(Array.from({ length: 100 }, (_, i) => port.visit(`Bearer guess${i}`, '192.0.2.7')))
  t.equal(guesses.filter((status) => status === 401).length, 20)
  t.equal(guesses.filter((status) => status === 429).length, 80)
  t.equal(port.asked.length, 21)
  port.now += 2000
  t.equal(await port.visit('Bearer right', '192.0.2.7'), 200, 'who was right before is not one who guesses')
  t.equal(await port.visit('Bearer right', '192.0.2.8'), 200)
  const later = await Promise.all(Array.from({ length: 100 }, (_, i) => port.visit(`Bearer more${i}`, '192.0.2.7')))
  t.equal(later.filter((status) => status === 401).length, 4, 'two a second')
  t.equal(port.count('throttled'), 80 + 96)
})

t.test('who is right never runs out', async (t) => {
  const port = new Port()
  for (let i = 0; i < 200; i++) {
    port.now += 1
    port.visitors.tick()
    t.equal(await port.visit(i % 2 === 0 ? 'Bearer right' : 'Bearer right', `192.0.2.${i % 3}`), 200)
    port.now += 1000
  }
})

t.test('while nobody can say who it is, those who were right before are let in, and others are not', async (t) => {
  const port = new Port()
  t.equal(await port.visit('Bearer right'), 200)
  port.answer = async () => Promise.reject(new Error('the routing thread stands still'))
  port.now += 60_000
  port.visitors.tick()
  t.equal(await port.visit('Bearer right'), 200)
  t.equal(await port.visit('Bearer right', '192.0.2.2'), 503, 'not from elsewhere')
  t.equal(await port.visit('Bearer other'), 503)
  port.now += 10 * 60_000
  t.equal(await port.visit('Bearer right'), 200)
  port.now += 6 * 60_000
  t.equal(await port.visit('Bearer right'), 503, 'for a quarter of an hour since they were')
})

t.test('what is remembered is bounded, and who is right is not forgotten for who guesses', async (t) => {
  const port = new Port()
  t.equal(await port.visit('Bearer right'), 200)
  for (let i = 0; i < 3000; i++) await port.visit('Bearer guess', `10.0.${i >> 8}.${i & 255}`)
  const inside = port.visitors as unknown as { remembered: Map<string, unknown>; guesses: Map<string, unknown> }
  t.ok(inside.remembered.size <= 1024)
  t.ok(inside.guesses.size <= 1024)
  port.answer = async () => Promise.reject(new Error('nobody answers'))
  port.now += 2000
  t.equal(await port.visit('Bearer right'), 200)
  port.now += 16 * 60_000
  port.visitors.tick()
  t.equal(inside.remembered.size, 0)
})
