import type { Test } from 'tap'
import { statusOf } from '../../src/ingress/http/problem.js'
import { type Code, codeMessage, codeName, mayTryAgain } from '../../src/protocol/codes.js'
import type { TestExchange } from './http-exchange.js'

/** Whether a request was answered with a problem of this code, and in full. Returns the document. */
export function isProblem(t: Test, exchange: TestExchange, code: Code, what = codeName(code)): Record<string, unknown> {
  t.ok(exchange.ended, `${what}: answered`)
  t.equal(exchange.status, statusOf(code), `${what}: status`)
  t.equal(exchange.answerHeaders['content-type'], 'application/problem+json', `${what}: content type`)
  t.equal('retry-after' in exchange.answerHeaders, mayTryAgain(code), `${what}: retry-after`)
  const problem = exchange.takeJson()
  const { detail, ...rest } = problem
  t.match(rest, {
    type: `urn:sluice:${codeName(code)}`,
    title: codeMessage(code),
    status: statusOf(code),
    code,
    name: codeName(code),
  })
  t.ok(typeof detail === 'string' && detail.length > 0, `${what}: ${detail}`)
  return problem
}
