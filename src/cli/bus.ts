import { type Bus, type ConnectOptions, connect } from '../client/index.js'
import type { Option } from './arguments.js'
import { type Context, Failure, type Given, UsageError } from './command.js'

const URL_DEFAULT = 'ws://127.0.0.1:7400'

/** For every command that talks to a daemon. */
export const URL_OPTION: Option = {
  value: 'URL',
  help: `daemon to talk to (default: $SLUICE_URL, or ${URL_DEFAULT})`,
}

/** Connects to the daemon that the options or the environment name. @throws Failure with what to do about it */
export async function connectBus(given: Given, context: Context, options: ConnectOptions): Promise<Bus> {
  const url = urlOf(given, context.env)
  try {
    return await connect(url, options)
  } catch (error) {
    throw new Failure(whyNot(url, error))
  }
}

function urlOf(given: Given, env: NodeJS.ProcessEnv): string {
  const option = given.options.get('url') as string | undefined
  const text = option ?? env.SLUICE_URL ?? URL_DEFAULT
  const from = option !== undefined ? '--url' : 'SLUICE_URL'
  if (!URL.canParse(text) || !/^wss?:$/.test(new URL(text).protocol)) {
    const meant = /^[\w.-]+(:\d+)?$/.test(text) ? `; say ws://${text}` : ''
    throw new UsageError(`${from} ${text}: not a WebSocket URL such as ${URL_DEFAULT}${meant}`)
  }
  return text
}

function whyNot(url: string, error: unknown): string {
  const { code, message } = rootCause(error)
  switch (code) {
    case 'ECONNREFUSED':
      return `no daemon answers at ${url} (connection refused): start one with "sluice serve", or say where it is with --url or SLUICE_URL`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host of ${url} is not known: check --url or SLUICE_URL`
    default:
      return `no connection to ${url}: ${message}; is it a Sluice daemon?`
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
