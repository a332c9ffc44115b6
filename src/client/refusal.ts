import { mayTryAgain } from '../protocol/codes.js'
import { MEDIA_PROBLEM } from '../protocol/media.js'
import type { Closed } from './runtime.js'

/** Cut, or never opened (RFC 6455, 7.4.1). */
export const CLOSE_ABNORMAL = 1006

/** What an answer that refuses a connection says. `contentType` and `body` are those of the answer, empty when there are none. */
export function refusal(status: number, contentType = '', body = ''): Closed {
  const problem = contentType.startsWith(MEDIA_PROBLEM) ? readProblem(body) : null
  if (problem === null) {
    return { code: CLOSE_ABNORMAL, reason: `HTTP status ${status}`, mayRetry: mayRetryStatus(status) }
  }
  const { code, text } = problem
  return { code, reason: text || `HTTP status ${status}`, mayRetry: mayTryAgain(code) }
}

/** The parts of a problem of ours (docs/http.md); null if it is somebody else's. */
function readProblem(body: string): { code: number; text: string } | null {
  try {
    const { code, detail, title } = JSON.parse(body) as { code?: unknown; detail?: unknown; title?: unknown }
    if (typeof code !== 'number' || code < 4000 || code > 4999) return null
    const text = [detail, title].find((one) => typeof one === 'string') as string | undefined
    return { code, text: text ?? '' }
  } catch {
    return null
  }
}

/** Busy servers and proxies may be tried again, a wrong address may not. */
function mayRetryStatus(status: number): boolean {
  return status >= 500 || status === 408 || status === 429
}
