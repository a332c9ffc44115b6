import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls'

/** PEM text or its bytes. */
export type Pem = string | Uint8Array

/** How `wss://` and `https://` are made safe, in Node. */
export interface TlsOptions {
  /** Certificates of the authorities to trust, in place of those that Node brings along. */
  ca?: Pem | readonly Pem[]
  /** Our own certificate and its key, where the daemon or a proxy asks for one. */
  cert?: Pem
  key?: Pem
  /** The name that the certificate must have. Default: the host of the URL. */
  servername?: string
  /**
   * False: any certificate will do, so whoever is on the way can read and change everything. For experiments; `ca` is the way to
   * trust a certificate of one's own.
   */
  rejectUnauthorized?: boolean
}

/** Where a connection goes. */
export interface Place {
  readonly host: string
  readonly port: number
}

/** Certificates that cannot be read as PEM would be passed over without a word. */
const isPem = (value: unknown): boolean =>
  (typeof value === 'string' || value instanceof Uint8Array) && Buffer.from(value as string).includes('-----BEGIN ')
const CHECKS: { readonly [name in keyof Required<TlsOptions>]: readonly [(value: unknown) => boolean, string] } = {
  ca: [
    (value) => isPem(value) || (Array.isArray(value) && value.every(isPem)),
    'PEM, as text or bytes, or a list of them',
  ],
  cert: [isPem, 'PEM, as text or bytes'],
  key: [isPem, 'PEM, as text or bytes'],
  servername: [(value) => typeof value === 'string', 'a string'],
  rejectUnauthorized: [(value) => typeof value === 'boolean', 'true or false'],
}

/** Opens the TCP and TLS connections of one bus. It keeps the last TLS session of each place, with which a reconnection costs a short handshake. */
export class Dialer {
  private readonly options: TlsOptions
  /** Null: Node's own authorities, and no certificate of ours. */
  private readonly context: SecureContext | null
  private readonly sessions = new Map<string, Buffer>()

  /** @throws TypeError that names the option which cannot be used */
  constructor(options: TlsOptions = {}) {
    for (const [name, value] of Object.entries(options)) {
      const check = CHECKS[name as keyof TlsOptions] as (typeof CHECKS)['ca'] | undefined
      if (check === undefined) throw new TypeError(`unknown option tls.${name}`)
      if (value !== undefined && !check[0](value)) throw new TypeError(`tls.${name} is ${check[1]}`)
    }
    this.options = options
    this.context = contextOf(options)
  }

  tcp({ host, port }: Place): Socket {
    return connectTcp({ host, port })
  }

  /** @param protocol the only one to offer (ALPN, RFC 7301) */
  tls({ host, port }: Place, protocol: string): Socket {
    const { servername = isIP(host) === 0 ? host : '', rejectUnauthorized } = this.options
    const place = `${host}:${port}`
    const socket = connectTls({
      host,
      port,
      servername,
      ALPNProtocols: [protocol],
      session: this.sessions.get(place),
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
      ...(this.context !== null && { secureContext: this.context }),
    })
    socket.on('session', (session) => this.sessions.set(place, session))
    return socket
  }
}

/** Made once, so that files which cannot be used are told at once, and a reconnection need not read them. */
function contextOf({ ca, cert, key }: TlsOptions): SecureContext | null {
  if (ca === undefined && cert === undefined && key === undefined) return null
  try {
    return createSecureContext({ ca, cert, key } as { ca?: string; cert?: string; key?: string })
  } catch (cause) {
    throw new TypeError(`tls.ca, tls.cert or tls.key cannot be used: ${(cause as Error).message}`, { cause })
  }
}

/** What went wrong, for people: OpenSSL's own messages have its source lines and numbers in them. */
export function reasonOf(error: Error): string {
  const text = /:SSL routines:[^:]*:([^:]+):/.exec(error.message)?.[1]
  if (text === undefined) return error.message.trim()
  return /wrong version number|packet length too long/.test(text)
    ? `this port does not speak TLS (${text})`
    : `the TLS handshake failed: ${text}`
}

/**
 * Whether the server said that it has no such protocol. Nothing else in TLS is hopeless: a certificate that is not trusted may be renewed, or another
 * daemon answer, and a bus that had given up would need somebody.
 */
export function lacksProtocol(error: Error | undefined): boolean {
  return error !== undefined && /alert no application protocol/.test(error.message)
}
