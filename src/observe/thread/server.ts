import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ObserverSettings } from '../settings.js'
import type { Visitors } from '../visitors/visitors.js'
import { Guard } from './guard.js'
import { RouteTable } from './route-table.js'
import { type AdminAnswer, AdminProblem, json, type Route } from './routes.js'

/** Milliseconds for an operator's request to be here in full. */
const REQUEST_TIMEOUT_MS = 5000
const BODY_BYTES_MAX = 64 * 1024
/** Operators, their tools, and their pages, with some to spare. */
const CONNECTIONS_MAX = 256

/** Some headers may come more than once. */
type Answered = Omit<AdminAnswer, 'headers'> & { readonly headers?: AdminProblem['headers'] }

/** What is there once the thread has loaded it. */
interface Inside {
  readonly table: RouteTable
  readonly visitors: Pick<Visitors, 'admit'>
}

const EVERYBODY: Inside['visitors'] = { admit: () => Promise.resolve() }

/** The port for operators and their tools. Requests that come before the pages are there wait for them. */
export class AdminServer {
  private readonly server: Server
  private guard: Guard
  private readonly inside: Promise<Inside>
  private provide: (inside: Inside) => void = () => {}

  constructor(private readonly place: NonNullable<ObserverSettings['admin']>) {
    this.guard = this.makeGuard(place.names)
    this.inside = new Promise((resolve) => {
      this.provide = resolve
    })
    this.server = createServer(
      { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
      (request, response) => void this.serve(request, response),
    )
    this.server.maxConnections = CONNECTIONS_MAX
  }

  private makeGuard(names: readonly string[]): Guard {
    return new Guard([this.place.host, ...names])
  }

  /** The port goes by other names from now on. */
  setNames(names: readonly string[]): void {
    this.guard = this.makeGuard(names)
  }

  /** Resolves to the port; rejects when it cannot be opened. */
  listen(): Promise<number> {
    const { host, port } = this.place
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen(port, host, () => {
        this.server.off('error', reject)
        resolve((this.server.address() as AddressInfo).port)
      })
    })
  }

  serveRoutes(routes: readonly Route[], visitors: Inside['visitors'] = EVERYBODY): void {
    this.provide({ table: new RouteTable(routes), visitors })
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    this.server.closeAllConnections()
    await closed
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer: Answered = await this.answer(request).catch(problemOf)
    if (response.destroyed) return
    const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body
    response.writeHead(answer.status, {
      'content-type': answer.type,
      'content-length': body.length,
      'x-content-type-options': 'nosniff',
      ...answer.headers,
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  private async answer(request: IncomingMessage): Promise<AdminAnswer> {
    const { method = 'GET', url = '/', headers } = request
    const [path, query = ''] = url.split('?', 2)
    this.guard.check(method, path, headers)
    const { table, visitors } = await this.inside
    await visitors.admit(path, headers, request.socket.remoteAddress ?? '')
    const { route, params } = table.find(method, path)
    const body = await readBody(request)
    return route.handle({ method, params, query: new URLSearchParams(query), headers, body })
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > BODY_BYTES_MAX) throw new AdminProblem(413, `a body may have at most ${BODY_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function problemOf(error: Error): Answered {
  const status = error instanceof AdminProblem ? error.status : 500
  const answer = json({ type: 'about:blank', title: STATUS_CODES[status], status, detail: error.message }, status)
  const headers = error instanceof AdminProblem ? error.headers : {}
  return { ...answer, type: 'application/problem+json', headers: { ...answer.headers, ...headers } }
}
