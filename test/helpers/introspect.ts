import { Introspection } from '../../src/observe/introspect/introspection.js'
import { IntrospectPart } from '../../src/observe/introspect/part.js'
import type { Answers, Question, Questions } from '../../src/observe/questions.js'
import type { ThreadContext } from '../../src/observe/thread/part.js'
import { RouteTable } from '../../src/observe/thread/route-table.js'
import type { CoreHarness } from './core-harness.js'

/** The pages of introspection over a core of the test's, without threads and sockets. */
export class IntrospectUnderTest {
  readonly introspection: Introspection
  /** What the routing thread was asked, in order. */
  readonly asked: Question[] = []
  readonly logged: string[] = []
  private readonly table: RouteTable

  constructor(core: CoreHarness) {
    this.introspection = new Introspection(core.router, () => core.host.now())
    const answers: Answers = this.introspection.answers
    const context = {
      now: () => core.host.now(),
      ask: async <Q extends Question>(question: Q, given: Questions[Q]['given']): Promise<Questions[Q]['answer']> => {
        this.asked.push(question)
        // As it comes from another thread: memory that is shared stays shared, all else is a copy.
        const handler = answers[question] as (given: unknown) => unknown
        const answering = handler(structuredClone(given))
        core.turns()
        return structuredClone(await answering) as Questions[Q]['answer']
      },
      log: (_level: string, sentence: string) => this.logged.push(sentence),
    }
    this.table = new RouteTable(new IntrospectPart(context as unknown as ThreadContext).routes)
  }

  /** @throws AdminProblem */
  async call<Body = Record<string, unknown>>(method: string, url: string, body?: unknown): Promise<Body> {
    const [path, query = ''] = url.split('?', 2)
    const { route, params } = this.table.find(method, path)
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
    const request = { method, params, query: new URLSearchParams(query), headers: {}, body: Buffer.from(text) }
    const answer = await route.handle(request)
    return JSON.parse(answer.body.toString()) as Body
  }

  get<Body = Record<string, unknown>>(url: string): Promise<Body> {
    return this.call<Body>('GET', url)
  }
}
