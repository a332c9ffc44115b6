import type { OptionTable } from './arguments.js'
import { type Context, Failure, type Given, UsageError } from './command.js'
import { authorizationOf, CREDENTIAL_OPTIONS, credentialsOf } from './credentials.js'

const ADMIN_DEFAULT = 'http://127.0.0.1:7402'
/** A daemon whose routing thread stands still answers what its observer thread knows at once, and what it does not within two seconds. */
const ANSWER_MS_MAX = 30_000

/** For every command that asks a daemon's admin port. */
export const ADMIN_OPTIONS: OptionTable = {
  admin: { value: 'URL', help: `admin port of the daemon (default: $SLUICE_ADMIN_URL, or ${ADMIN_DEFAULT})` },
  ...CREDENTIAL_OPTIONS,
}

/** Nobody listens there, or not any more. */
export class NobodyThere extends Failure {}

/** What a connection ends with that was refused, or whose other end has gone. */
const GONE_CODES: ReadonlySet<string | undefined> = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** Asks the daemon that the options or the environment name. */
export class Admin {
  private readonly base: string

  /** @throws UsageError for a URL that is none */
  constructor(
    private readonly given: Given,
    private readonly context: Context,
  ) {
    this.base = adminUrlOf(given, context.env)
  }

  /** @throws Failure with what to do about it; UsageError where the daemon says what was asked wrongly */
  async get(path: string, query: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.request('GET', path, query)
  }

  /** The same, with a JSON body. */
  async post(path: string, body: unknown = {}): Promise<Response> {
    return this.request('POST', path, {}, JSON.stringify(body))
  }

  /**
   * Asks a page whose answer is a verdict, of which 503 is one.
   * @throws Failure where nobody answers within `patienceMs`, or with anything else
   */
  async judge(path: string, patienceMs: number): Promise<Response> {
    const response = await this.fetch('GET', path, {}, null, patienceMs)
    if (response.ok || response.status === 503) return response
    throw new Failure(this.notOurs(response))
  }

  private async request(
    method: string,
    path: string,
    query: Readonly<Record<string, string>>,
    body: string | null = null,
  ): Promise<Response> {
    const response = await this.fetch(method, path, query, body, ANSWER_MS_MAX)
    if (response.ok) return response
    const says = await problemOf(response)
    if (says === null) throw new Failure(this.notOurs(response))
    if (response.status === 401) throw new Failure(`${says} (--token-file, --user, or SLUICE_TOKEN)`)
    if (response.status === 403) throw new Failure(says)
    // What is not there may have been there when the line was typed.
    throw response.status < 500 && response.status !== 404 ? new UsageError(says) : new Failure(says)
  }

  private async fetch(
    method: string,
    path: string,
    query: Readonly<Record<string, string>>,
    body: string | null,
    patienceMs: number,
  ): Promise<Response> {
    const url = new URL(path, this.base)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    const signal = AbortSignal.any([this.context.interrupted, AbortSignal.timeout(patienceMs)])
    const headers: Record<string, string> = body === null ? {} : { 'content-type': 'application/json' }
    const shown = credentialsOf(this.given, this.context.env)
    if (shown !== null) headers.authorization = authorizationOf(shown)
    try {
      return await fetch(url, { method, body, headers, signal, redirect: 'error' })
    } catch (error) {
      const says = this.whyNot(error, patienceMs)
      const { cause } = error as { cause?: { code?: string } }
      throw GONE_CODES.has(cause?.code) ? new NobodyThere(says) : new Failure(says)
    }
  }

  private notOurs({ status }: Response): string {
    return `${this.base} answered ${status}: is it the admin port of a Sluice?`
  }

  private whyNot(error: unknown, patienceMs: number): string {
    if (this.context.interrupted.aborted) return 'interrupted'
    const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } }
    if (name === 'TimeoutError') return `the daemon at ${this.base} did not answer within ${patienceMs / 1000} s`
    switch (cause?.code) {
      case 'ECONNREFUSED':
        return `no admin port answers at ${this.base} (connection refused): is the daemon up? Say where it is with --admin or SLUICE_ADMIN_URL`
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        return `the host of ${this.base} is not known: check --admin or SLUICE_ADMIN_URL`
      default:
        return `no answer from ${this.base}: ${cause?.message ?? message}; is it the admin port of a Sluice?`
    }
  }
}

function adminUrlOf({ options }: Given, env: NodeJS.ProcessEnv): string {
  const option = options.get('admin') as string | undefined
  const text = option ?? env.SLUICE_ADMIN_URL ?? ADMIN_DEFAULT
  const from = option !== undefined ? '--admin' : 'SLUICE_ADMIN_URL'
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    const meant = /^[\w.-]+(:\d+)?$/.test(text) ? `; say http://${text}` : ''
    throw new UsageError(`${from} ${text}: not a URL such as ${ADMIN_DEFAULT}${meant}`)
  }
  return text
}

/** What problem details (RFC 9457) say; null where there are none. */
async function problemOf(response: Response): Promise<string | null> {
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) return null
  const { detail, title } = (await response.json()) as { detail?: string; title?: string }
  return detail ?? title ?? null
}
