import type { MessagePort } from 'node:worker_threads'
import type { FromThread, ToThread } from '../messages.js'
import type { Question, Questions } from '../questions.js'
import { AdminProblem } from './routes.js'

const PATIENCE_MS = 2000
/** Questions without an answer: with so many open, the routing thread stands still, and more would only pile up. */
const OPEN_MAX = 256

interface Asked {
  resolve(value: unknown): void
  reject(error: Error): void
  readonly late: NodeJS.Timeout
}

/** Questions to the routing thread that have no answer yet. */
export class Asking {
  private readonly open = new Map<number, Asked>()
  private nextId = 1

  constructor(private readonly port: Pick<MessagePort, 'postMessage'>) {}

  ask<Q extends Question>(question: Q, given: Questions[Q]['given']): Promise<Questions[Q]['answer']> {
    if (this.open.size >= OPEN_MAX) return Promise.reject(notAnswering())
    const id = this.nextId++
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.open.delete(id)
        reject(notAnswering())
      }, PATIENCE_MS)
      this.open.set(id, { resolve: resolve as (value: unknown) => void, reject, late })
      this.port.postMessage({ kind: 'ask', id, question, given } satisfies FromThread)
    })
  }

  hear(message: Extract<ToThread, { kind: 'answer' | 'refusal' }>): void {
    const asked = this.open.get(message.id)
    if (asked === undefined) return
    this.open.delete(message.id)
    clearTimeout(asked.late)
    if (message.kind === 'answer') asked.resolve(message.value)
    else if (message.status === 0) asked.reject(new Error(message.message))
    else asked.reject(new AdminProblem(message.status, message.message))
  }
}

function notAnswering(): AdminProblem {
  return new AdminProblem(503, `the routing thread has not answered within ${PATIENCE_MS} ms`)
}
