import type { Credentials } from '../protocol/control.js'

/** A token, or what gives one: it is asked before each connection, and for the next token when one is about to end. */
export type TokenSource = string | (() => string | Promise<string>)

export interface CredentialOptions {
  /** Who we are, where the daemon asks: a token, or a user and a password. */
  token?: TokenSource
  user?: string
  password?: string
}

/** What a bus shows of itself. */
export interface CredentialSource {
  /** Whether asking again may give others. */
  readonly isRenewable: boolean
  /** Throws, or rejects, with what the application's function does. */
  get(): Credentials | Promise<Credentials>
}

type Given = { readonly [name in keyof CredentialOptions]: CredentialOptions[name] | undefined }

/** @returns null when there is nothing to show. @throws TypeError that names the option */
export function credentialSource({ token, user, password }: Given): CredentialSource | null {
  if (user !== undefined || password !== undefined) {
    if (token !== undefined) throw new TypeError('give a token, or user and password')
    if (typeof user !== 'string' || typeof password !== 'string') throw new TypeError('user and password are strings')
    return { isRenewable: false, get: () => ({ user, password }) }
  }
  if (token === undefined) return null
  if (typeof token === 'function') {
    return {
      isRenewable: true,
      get() {
        const given = token()
        return typeof given === 'string' ? shown(given) : Promise.resolve(given).then(shown)
      },
    }
  }
  const credentials = shown(token)
  return { isRenewable: false, get: () => credentials }
}

function shown(token: unknown): Credentials {
  if (typeof token !== 'string' || token === '') throw new TypeError('token is a string, or a function that gives one')
  return { token }
}

/** Asks, and tells later or at once, but never both. @param failed is given a sentence */
export function ask(
  source: CredentialSource,
  told: (credentials: Credentials) => void,
  failed: (reason: string, cause: unknown) => void,
): void {
  const fail = (cause: unknown): void => failed(`no token: ${cause instanceof Error ? cause.message : cause}`, cause)
  let given: Credentials | Promise<Credentials>
  try {
    given = source.get()
  } catch (cause) {
    fail(cause)
    return
  }
  if (given instanceof Promise) given.then(told, fail)
  else told(given)
}
