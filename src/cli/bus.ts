import { readFileSync } from 'node:fs'
import { type Bus, type ConnectOptions, connect, type TlsOptions } from '../client/index.js'
import { shownUrl } from '../client/url.js'
import type { OptionTable } from './arguments.js'
import { type Context, Failure, type Given, UsageError } from './command.js'

const URL_DEFAULT = 'ws://127.0.0.1:7400'

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
  insecure: { help: 'wss, https: trust any certificate; whoever is on the way can read and change everything' },
}

/** Connects to the daemon that the options or the environment name. @throws Failure with what to do about it; UsageError */
export function connectBus(given: Given, context: Context, options: ConnectOptions): Promise<Bus> {
  return busConnector(given, context)(options)
}

/** The same for a command that connects several times. @throws UsageError, Failure for a file that cannot be read */
export function busConnector(given: Given, context: Context): (options: ConnectOptions) => Promise<Bus> {
  const url = urlOf(given, context.env)
  const tls = tlsOf(given, url)
  if (given.options.has('insecure')) {
    context.stderr.write(`sluice: --insecure: nobody checks that ${shownUrl(url)} is who it says it is\n`)
  }
  return async (options) => {
    try {
      return await connect(url, { ...options, ...(tls !== undefined && { tls }) })
    } catch (error) {
      if (error instanceof TypeError && tls?.ca !== undefined) {
        throw new UsageError(`--ca ${given.options.get('ca')}: not a PEM file with certificates`)
      }
      throw new Failure(whyNot(shownUrl(url), error, given))
    }
  }
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

function tlsOf({ options }: Given, url: string): TlsOptions | undefined {
  const file = options.get('ca') as string | undefined
  const isInsecure = options.has('insecure')
  if (file === undefined && !isInsecure) return undefined
  if (file !== undefined && isInsecure) throw new UsageError('--ca and --insecure exclude each other')
  if (!/^(wss|https):/i.test(url)) {
    const shown = shownUrl(url)
    const encrypted = shown.replace(/^(ws|http)/i, '$1s')
    throw new UsageError(`${isInsecure ? '--insecure' : '--ca'}: ${shown} is not encrypted; is ${encrypted} meant?`)
  }
  if (file === undefined) return { rejectUnauthorized: false }
  try {
    return { ca: readFileSync(file) }
  } catch (error) {
    throw new Failure(`cannot read ${file}: ${(error as Error).message}`)
  }
}

function whyNot(url: string, error: unknown, { options }: Given): string {
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
