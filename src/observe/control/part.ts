import { STATUS_CODES } from 'node:http'
import type { Part, ThreadContext } from '../thread/part.js'
import { type AdminAnswer, AdminProblem, type AdminRequest, json, type Route } from '../thread/routes.js'

/** The request was understood, and what the file says was not (RFC 9110, 15.5.21). */
const UNPROCESSABLE = 422

/** What an operator may do to the daemon as a whole: have it read its configuration again, and have it go. */
export class ControlPart implements Part {
  readonly routes: readonly Route[] = [
    {
      method: 'POST',
      path: '/reload',
      about: 'reads the configuration again, as SIGHUP does: what has changed, or what is wrong',
      handle: () => this.reload(),
    },
    {
      method: 'POST',
      path: '/drain',
      about:
        'sends all clients away and ends the daemon, as SIGTERM does; {"handover": true} where they have another to go to',
      handle: async (request) => json(await this.context.ask('drain', { handover: handoverOf(request) }), 202),
    },
    {
      method: 'GET',
      path: '/drain',
      about: 'how far it is with that',
      handle: async () => json(await this.context.ask('drainState', null)),
    },
  ]

  constructor(private readonly context: ThreadContext) {}

  tick(): void {}

  private async reload(): Promise<AdminAnswer> {
    const reloaded = await this.context.ask('reload', null)
    if (reloaded.ok) return json(reloaded)
    const { problems, digest } = reloaded
    const title = STATUS_CODES[UNPROCESSABLE]
    const detail = `the configuration before stays in use (${digest}): ${problems.join('; ')}`
    const body = { type: 'about:blank', title, status: UNPROCESSABLE, detail, digest, problems }
    return { ...json(body, UNPROCESSABLE), type: 'application/problem+json' }
  }
}

/** Null where the body says nothing of it. @throws AdminProblem */
function handoverOf({ body }: AdminRequest): boolean | null {
  if (body.length === 0) return null
  let given: unknown
  try {
    given = JSON.parse(body.toString())
  } catch {
    throw new AdminProblem(400, 'the body is not JSON')
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new AdminProblem(400, 'the body is an object such as {"handover": true}')
  }
  const { handover, ...rest } = given as { handover?: unknown }
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined)
    throw new AdminProblem(400, `${JSON.stringify(unknown)} is not known here; there is handover`)
  if (handover !== undefined && typeof handover !== 'boolean') throw new AdminProblem(400, 'handover is true or false')
  return handover ?? null
}
