import { isIP } from 'node:net'

/** scheme, host, port (RFC 6454, 6.1). */
const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[a-z0-9*._-]+)(?::(\d{1,5}|\*))?$/
const DEFAULT_PORTS: { readonly [scheme: string]: string } = { http: '80', https: '443' }
const ANY = '*'
const BELOW = '*.'
const PORT_MAX = 65_535
/** Verdicts that are kept: browsers come with few origins, and whoever makes them up pays for it. */
const VERDICTS_MAX = 1024

interface Pattern {
  readonly scheme: string
  /** Of every host below: with its leading dot. */
  readonly host: string
  readonly isBelow: boolean
  readonly port: string
}

/** Pages of which origins may connect, by WebSocket and by HTTP. */
export class Origins {
  private patterns: readonly Pattern[] = []
  private ownPort = ''
  private ownNames: ReadonlySet<string> = new Set()
  private any = false
  private readonly verdicts = new Map<string, boolean>()

  /** @param patterns as `security.origins` has them */
  constructor(patterns: readonly string[]) {
    this.replace(patterns)
  }

  /** From now on these. Who is connected stays. */
  replace(patterns: readonly string[]): void {
    this.any = patterns.includes(ANY)
    this.patterns = compile(patterns)
    this.verdicts.clear()
  }

  /**
   * Pages that the daemon itself serves on another port may connect, whatever the patterns are.
   * @param names by which it is known, beside plain addresses and localhost
   */
  allowOwnPages(port: number, names: readonly string[]): void {
    this.ownPort = String(port)
    this.ownNames = new Set(names.map((name) => name.toLowerCase()))
  }

  /** Whether every origin may, the opaque one ("null") among them. */
  get isAny(): boolean {
    return this.any
  }

  /**
   * @param origin value of the Origin header; '' when there is none: then it is no page of another origin
   * @param host value of the Host header, or :authority
   */
  allows(origin: string, host: string): boolean {
    if (origin === '' || this.any) return true
    const known = this.verdicts.get(origin)
    if (known === true) return true
    const parts = parseOrigin(origin.toLowerCase())
    if (parts === null) return false
    if (known === undefined) {
      const isListed = this.patterns.some((pattern) => matches(pattern, parts))
      if (this.verdicts.size >= VERDICTS_MAX) this.verdicts.clear()
      this.verdicts.set(origin, isListed)
      if (isListed) return true
    }
    const target = host.toLowerCase()
    return isSameOrigin(parts, target) || this.isOwnPage(parts, target)
  }

  private isOwnPage({ scheme, host, port }: Parts, target: string): boolean {
    if (scheme !== 'http' || port !== this.ownPort) return false
    return this.ownNames.has(host) || (isOurs(host) && target.replace(/:\d*$/, '') === host)
  }
}

interface Parts {
  readonly scheme: string
  readonly host: string
  readonly port: string
}

/** No page has a pattern for its origin, or a port that there is none of. */
function parseOrigin(origin: string): Parts | null {
  const parts = origin.includes('*') ? null : parse(origin)
  return parts !== null && Number(parts.port) <= PORT_MAX ? parts : null
}

function parse(pattern: string): Parts | null {
  const match = ORIGIN.exec(pattern)
  if (match === null) return null
  const [, scheme, host, port = DEFAULT_PORTS[scheme] ?? ''] = match
  return { scheme, host, port }
}

function compile(patterns: readonly string[]): Pattern[] {
  return patterns
    .map((pattern) => parse(pattern.toLowerCase()))
    .filter((parts) => parts !== null)
    .map(({ scheme, host, port }) => {
      const isBelow = host.startsWith(BELOW)
      return { scheme, host: isBelow ? host.slice(1) : host, isBelow, port }
    })
}

function matches(pattern: Pattern, { scheme, host, port }: Parts): boolean {
  if (pattern.scheme !== scheme || (pattern.port !== ANY && pattern.port !== port)) return false
  return pattern.isBelow ? host.length > pattern.host.length && host.endsWith(pattern.host) : host === pattern.host
}

/**
 * Whether a page comes from where the request goes to, so that no allow-list is needed. Not by a name without TLS: anybody can make a name of theirs point
 * here (DNS rebinding), and only a certificate shows that it does so rightly.
 */
function isSameOrigin({ scheme, host, port }: Parts, target: string): boolean {
  if (port === '' || (scheme !== 'https' && !isOurs(host))) return false
  return target === `${host}:${port}` || (port === DEFAULT_PORTS[scheme] && target === host)
}

function isOurs(host: string): boolean {
  return host === 'localhost' || isIP(host.replace(/^\[|\]$/g, '')) !== 0
}
