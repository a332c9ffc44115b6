import type { OperatorQuestions } from './control/answers.js'
import type { RevocationQuestions } from './control/revocations.js'
import type { IntrospectQuestions } from './introspect/questions.js'
import type { MetricValue } from './metrics/definition.js'
import type { Sample } from './sample.js'
import type { VisitorQuestions } from './visitors/questions.js'

/**
 * What the observer thread may ask the routing thread: by name, what is given with it and what comes back. All of it is plain data. A part adds its own
 * here and answers it on the routing thread, where it must not take longer than some hundred microseconds: whoever has much to tell answers in pages.
 */
export interface Questions extends IntrospectQuestions, OperatorQuestions, VisitorQuestions, RevocationQuestions {
  /** The meters as they are now, with the values of all metrics in the order in which they were defined. */
  sample: { given: null; answer: { readonly sample: Sample; readonly metrics: MetricValues } }
  /** Whether publishers are being refused. */
  isOverloaded: { given: null; answer: boolean }
  /** The description of the HTTP API (OpenAPI 3.1), as JSON text. */
  openapi: { given: null; answer: string }
}

/** In the order in which the metrics were defined. */
export type MetricValues = readonly MetricValue[]

export type Question = keyof Questions

/** Answers on the routing thread; may throw an AdminProblem for what the operator asked wrongly. */
export type Answers = {
  readonly [Q in Question]?: (given: Questions[Q]['given']) => Questions[Q]['answer'] | Promise<Questions[Q]['answer']>
}
