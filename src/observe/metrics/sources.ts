import type { Router } from '../../core/router.js'

/** What a transport counts, whichever engine it is. */
export interface ConnectionFigures {
  readonly opened: number
  readonly messages: number
  /** By WebSocket close code. */
  readonly closed: ReadonlyMap<number, number>
  /** By reason. */
  readonly rejected: ReadonlyMap<string, number>
  /** By name of the code. */
  readonly refused: ReadonlyMap<string, number>
  readonly hostile: ReadonlyMap<string, number>
}

/** What the HTTP API counts. */
export interface HttpFigures {
  /** By status. */
  readonly answered: ReadonlyMap<number, number>
  readonly aborted: number
  readonly streams: number
  readonly streamsWaiting: number
  readonly streamsKeptBytes: number
  readonly resumed: number
  readonly notResumed: number
}

/** What happens in handshakes, and to the certificate. */
export interface TlsFigures {
  /** By engine, version and kind, joined by spaces. */
  readonly handshakes: ReadonlyMap<string, number>
  /** By reason. */
  readonly failed: ReadonlyMap<string, number>
  readonly underWay: number
  readonly waiting: number
  readonly reloads: number
  readonly reloadsFailed: number
}

/** A port that clients connect to. */
export interface ListenerFigures {
  readonly name: string
  readonly ingress: { readonly engine: string; readonly connections: number }
}

/** What can only be known by going through the sessions. */
export interface Census {
  readonly byTransport: ReadonlyMap<string, number>
}

/** The configuration that runs, and what has come of reading it again. */
export interface ConfigurationFigures {
  readonly digest: string
  readonly succeeded: number
  readonly failed: number
  /** Seconds since 1970. */
  readonly lastSuccessS: number
}

/** What is counted of who comes in. */
export interface AuthFigures {
  readonly meters: {
    /** By kind of what was shown and result, joined by a space. */
    readonly attempts: ReadonlyMap<string, number>
    readonly remembered: number
    readonly known: number
    readonly locked: number
    readonly refreshed: number
    readonly expired: number
    readonly revoked: number
    readonly timedOut: number
  }
  readonly keyMeters: { readonly read: number; readonly failed: number; readonly readAt: number }
  /** Tokens. */
  readonly revoked: number
}

/** What is measured of the daemon, on its routing thread. */
export interface Sources {
  readonly router: Router
  readonly listeners: readonly ListenerFigures[]
  readonly ingressMeters: ConnectionFigures
  readonly httpMeters: HttpFigures
  /** Null without a certificate. */
  readonly tls: { readonly meters: TlsFigures; readonly current: { readonly notAfter: Date } } | null
  readonly security: AuthFigures
  readonly software: string
  readonly configuration: ConfigurationFigures
  readonly census: Census
}
