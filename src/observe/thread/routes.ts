/** A request to the admin port, its body read. */
export interface AdminRequest {
  readonly method: string
  /** Decoded values of the `:name` segments of the route's path. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

export interface AdminAnswer {
  readonly status: number
  readonly type: string
  readonly body: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Such as `/connections/:session`. */
  readonly path: string
  /** One line, for the front page and for who asks for a path that is not there. */
  readonly about: string
  handle(request: AdminRequest): AdminAnswer | Promise<AdminAnswer>
}

/** What an operator asked wrongly, or what cannot be answered now: becomes application/problem+json with this status. */
export class AdminProblem extends Error {
  override name = 'AdminProblem'

  constructor(
    readonly status: number,
    message: string,
    /** Of the answer, beside the usual ones. */
    readonly headers: Readonly<Record<string, string | string[]>> = {},
  ) {
    super(message)
  }
}

export function json(value: unknown, status = 200): AdminAnswer {
  return {
    status,
    type: 'application/json',
    body: `${JSON.stringify(value)}\n`,
    headers: { 'cache-control': 'no-store' },
  }
}
