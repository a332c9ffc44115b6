import { codeName } from '../protocol/codes.js'
import type { Closed } from './runtime.js'
import { shownUrl } from './url.js'

/** The first connection could not be made. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError'
  readonly code: number
  readonly reason: string
  /** Whether the same call may succeed later. */
  readonly mayRetry: boolean

  constructor(url: string, closed: Closed) {
    super(`cannot connect to ${shownUrl(url)}: ${closed.reason || codeName(closed.code)} (code ${closed.code})`, {
      cause: closed.cause,
    })
    this.code = closed.code
    this.reason = closed.reason
    this.mayRetry = closed.mayRetry
  }
}

/** The bus is closed, so what was asked for can no longer happen. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError'
  readonly code: number
  readonly reason: string

  constructor(closed: Pick<Closed, 'code' | 'reason'>) {
    super(`the bus is closed: ${closed.reason || codeName(closed.code)} (code ${closed.code})`)
    this.code = closed.code
    this.reason = closed.reason
  }
}

/** Events were written to a connection that broke before the daemon confirmed them: each may or may not have been accepted. */
export class UnconfirmedError extends Error {
  override readonly name = 'UnconfirmedError'
  /** How many, at most, were not accepted. */
  readonly count: number

  constructor(count: number) {
    super(`the connection broke before ${count} events were confirmed; they may or may not have been accepted`)
    this.count = count
  }
}

/** The daemon refused a subscription. */
export class SubscribeError extends Error {
  override readonly name = 'SubscribeError'
  readonly pattern: string
  readonly code: number

  constructor(pattern: string, code: number, message: string) {
    super(`subscription to ${pattern} was refused: ${message} (code ${code})`)
    this.pattern = pattern
    this.code = code
  }
}

/** A payload is not what its metadata says: not one msgpack value, not JSON, or not UTF-8. Its bytes can still be read. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
}
