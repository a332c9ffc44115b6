import { type CredentialOptions, type CredentialSource, credentialSource } from './credentials.js'
import type { StatusListener } from './status.js'

/** What `publish` does when the local buffer is full. */
export type WhenFull = 'wait' | 'refuse' | 'drop-oldest'

export interface ConnectOptions extends CredentialOptions {
  /** What this client calls itself, for the operator. At most 128 characters. */
  name?: string
  /** Called with every change, from the first attempt on. */
  onStatus?: StatusListener
  /**
   * Bytes of events that may wait here while the connection is down or slow. Default 8 MiB. At most 256 KiB more are in the hands of the socket.
   */
  bufferBytesMax?: number
  /**
   * When the buffer is full: `wait` (default) takes the event and returns false, like a stream's write, up to twice the limit; `refuse` does not take it and returns
   * false; `drop-oldest` drops the oldest waiting events of the least urgent lane, or the new one if it is the least urgent.
   */
  whenFull?: WhenFull
  /** Until the daemon's WELCOME. Default 5,000. */
  connectTimeoutMs?: number
  /** First step of the back-off between attempts to connect again. Default 100. */
  backoffBaseMs?: number
  /** Longest step. Default 10,000. */
  backoffCapMs?: number
  /** A PING is sent when nothing was heard for so long. Default 15,000. */
  heartbeatMs?: number
  /** The connection is given up when nothing was heard for so long. Default 30,000. */
  deadMs?: number
}

type Numbers = Required<Omit<ConnectOptions, 'name' | 'onStatus' | keyof CredentialOptions>>

export type Settings = Numbers & {
  /** Null: nothing is shown. */
  readonly credentials: CredentialSource | null
}

const DEFAULTS: Numbers = {
  bufferBytesMax: 8 * 1024 * 1024,
  whenFull: 'wait',
  connectTimeoutMs: 5_000,
  backoffBaseMs: 100,
  backoffCapMs: 10_000,
  heartbeatMs: 15_000,
  deadMs: 30_000,
}

const WHEN_FULL: readonly unknown[] = ['wait', 'refuse', 'drop-oldest']

/** @throws TypeError or RangeError that names the option */
export function settingsOf(options: ConnectOptions): Settings {
  const { token, user, password, ...others } = options
  const settings: Settings = { ...DEFAULTS, credentials: credentialSource({ token, user, password }) }
  for (const [key, value] of Object.entries(others)) {
    if (key === 'name' || key === 'onStatus' || value === undefined) continue
    if (!(key in DEFAULTS)) throw new TypeError(`unknown option ${key}`)
    if (key === 'whenFull') {
      if (!WHEN_FULL.includes(value)) throw new TypeError(`whenFull is one of ${WHEN_FULL.join(', ')}`)
    } else if (typeof value !== 'number' || !(value > 0)) throw new RangeError(`${key} is a number above 0`)
    Object.assign(settings, { [key]: value })
  }
  if (settings.deadMs <= settings.heartbeatMs) throw new RangeError('deadMs is above heartbeatMs')
  if (options.name !== undefined && (typeof options.name !== 'string' || options.name.length > 128)) {
    throw new RangeError('name is a string of at most 128 characters')
  }
  return settings
}
