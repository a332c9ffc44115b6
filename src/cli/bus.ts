import { readFileSync } from 'node:fs'
import { type Bus, Code, ConnectError, type ConnectOptions, connect, type TlsOptions } from '../client/index.js'
import { shownUrl } from '../client/url.js'
import type { OptionTable } from './arguments.js'
import { type Context, Failure, type Given, UsageError } from './command.js'
import { CREDENTIAL_OPTIONS, credentialsOf } from './credentials.js'

const URL_DEFAULT = 'ws://127.0.0.1:7400'
/** Codes of who is not let in, or has to say who they are first. */
const NOT_LET_IN: ReadonlySet<number> = new Set([
  Code.UNAUTHENTICATED,
  Code.BAD_CREDENTIALS,
  Code.TOKEN_REVOKED,
  Code.TOKEN_EXPIRED,
  Code.AUTH_TIMEOUT,
])

/** For every command that talks to a daemon. */
export const BUS_OPTIONS: OptionTable = {
  url: {
    value: 'URL',
    help: `daemon, by ws(s):// (WebSocket) or http(s):// (HTTP/2) (default: $SLUICE_URL, or ${URL_DEFAULT})`,
  },
  ca: {
    value: 'FILE',
    help: 'wss, https: PEM file of the authorities to trust, in place of the usual ones',
  },
  'client-cert': { value: 'FILE', help: 'wss, https: our own certificate, PEM, where the daemon asks for one' },
  'client-key': { value: 'FILE', help: 'its key, PEM' },
  insecure: { help: 'wss, https: trust any certificate; whoever is on the way can read and change everything' },
  ...CREDENTIAL_OPTIONS,
}

/** Connects to the daemon that the options or the environment name. @throws Failure with what to do about it; UsageError */
export function connectBus(given: Given, context: Context, options: ConnectOptions): Promise<Bus> {
  return busConnector(given, context)(options)
}

/** The same for a command that connects several times. @throws UsageError, Failure for a file that cannot be read */
export function busConnector(given: Given, context: Context): (options: ConnectOptions) => Promise<Bus> {
  const url = urlOf(given, context.env)
  const tls = tlsOf(given, url)
  const shown = shownOf(given, context.env)
  if (given.options.has('insecure')) {
    context.stderr.write(`sluice: --insecure: nobody checks that ${shownUrl(url)} is who it says it is\n`)
  }
  return async (options) => {
    try {
      return await connect(url, { ...options, ...shown, ...(tls !== undefined && { tls }) })
    } catch (error) {
      if (error instanceof TypeError && tls?.ca !== undefined && tls.cert === undefined) {
        throw new UsageError(`--ca ${given.options.get('ca')}: not a PEM file with certificates`)
      }
      if (error instanceof TypeError && tls?.cert !== undefined) {
        throw new UsageError(
          `--client-cert, --client-key: ${error.message.replace(/^tls\.ca, tls\.cert or tls\.key /, '')}`,
        )
      }
      throw new Failure(whyNot(shownUrl(url), error, given))
    }
  }
}

/** A file may have been given a newer token by the time it is asked for again. */
function shownOf(given: Given, env: NodeJS.ProcessEnv): Pick<ConnectOptions, 'token' | 'user' | 'password'> {
  const shown = credentialsOf(given, env)
  if (shown === null || 'user' in shown) return shown ?? {}
  if (!given.options.has('token-file')) return shown
  return { token: () => (credentialsOf(given, env) as typeof shown).token }
}

/** Where the daemon is, by the options or the environment. @throws UsageError */
export function urlOf(given: Given, env: NodeJS.ProcessEnv): string {
  const option = given.options.get('url') as string | undefined
  const text = option ?? env.SLUICE_URL ?? URL_DEFAULT
  const from = option !== undefined ? '--url' : 'SLUICE_URL'
  if (!URL.canParse(text) || !/^(ws|http)s?:$/.test(new URL(text).protocol)) {
    const meant = /^[\w.-]+(:\d+)?$/.test(text) ? `; say ws://${text}` : ''
    throw new UsageError(`${from} ${text}: not a URL such as ${URL_DEFAULT} or https://host:7443${meant}`)
  }
  return text
}

const TLS_OPTIONS = ['insecure', 'ca', 'client-cert', 'client-key'] as const

function tlsOf({ options }: Given, url: string): TlsOptions | undefined {
  const first = TLS_OPTIONS.find((name) => options.has(name))
  if (first === undefined) return undefined
  if (options.has('ca') && options.has('insecure')) throw new UsageError('--ca and --insecure exclude each other')
  if (options.has('client-cert') !== options.has('client-key')) {
    throw new UsageError('--client-cert and --client-key go together')
  }
  if (!/^(wss|https):/i.test(url)) {
    const shown = shownUrl(url)
    const encrypted = shown.replace(/^(ws|http)/i, '$1s')
    throw new UsageError(`--${first}: ${shown} is not encrypted; is ${encrypted} meant?`)
  }
  const read = (name: (typeof TLS_OPTIONS)[number]): Buffer => contentOf(options.get(name) as string)
  return {
    ...(options.has('insecure') && { rejectUnauthorized: false }),
    ...(options.has('ca') && { ca: read('ca') }),
    ...(options.has('client-cert') && { cert: read('client-cert'), key: read('client-key') }),
  }
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new Failure(`cannot read ${file}: ${(error as Error).message}`)
  }
}

function whyNot(url: string, error: unknown, { options }: Given): string {
  if (error instanceof ConnectError && NOT_LET_IN.has(error.code)) {
    return `${url} does not let you in: ${error.reason} (--token-file, --user, or SLUICE_TOKEN)`
  }
  const { code, message } = rootCause(error)
  const { reason = message } = error as { reason?: string }
  switch (code) {
    case 'ECONNREFUSED':
      return `no daemon answers at ${url} (connection refused): start one with "sluice serve", or say where it is with --url or SLUICE_URL`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host of ${url} is not known: check --url or SLUICE_URL`
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return options.has('ca')
        ? `the certificate of ${url} is not signed by one in ${options.get('ca')} (${message}): --ca names the authority's, or its own if it signed itself`
        : `the certificate of ${url} is not trusted (${message}): say which authority signed it, with --ca FILE; if it signed itself, that file is the certificate`
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the certificate of ${url} is another's: ${message.replace(/\W+$/, '')}; --url must have a name that the certificate has`
    case 'CERT_HAS_EXPIRED':
      return `the certificate of ${url} has expired: the daemon takes up a renewed one by itself`
    case 'CERT_NOT_YET_VALID':
      return `the certificate of ${url} is not valid yet: is a clock wrong, here or there?`
    default:
      return `no connection to ${url}: ${reason}; is it a Sluice daemon?`
  }
}

/** What lies under wrappers such as AggregateError (both addresses of a host failed) and `cause`. */
function rootCause(error: unknown): { code: string | undefined; message: string } {
  let current = error as { code?: unknown; message?: string; cause?: unknown; errors?: unknown[] }
  for (;;) {
    const next = current.cause ?? current.errors?.[0]
    if (typeof next !== 'object' || next === null) break
    current = next
  }
  return {
    code: typeof current.code === 'string' ? current.code : undefined,
    message: current.message || String(current),
  }
}
