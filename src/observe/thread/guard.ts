import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { AdminProblem } from './routes.js'

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Pages for machines that are found by any name and tell nothing that a page from elsewhere could use. */
const OPEN_PATHS = new Set(['/metrics', '/livez', '/readyz'])

/**
 * Keeps pages that an operator's browser has open from using the admin port behind their back: the port needs no password on its own machine, so a
 * browser's rules are what stands between.
 */
export class Guard {
  private readonly names: ReadonlySet<string>

  /** @param names of this port, beside plain addresses, localhost and the name of this machine */
  constructor(names: readonly string[]) {
    this.names = new Set([hostname(), ...names].map((name) => name.toLowerCase()))
  }

  /** @throws AdminProblem */
  check(method: string, path: string, headers: Headers): void {
    if (!OPEN_PATHS.has(path) && !this.knows(headers.host)) {
      throw new AdminProblem(
        421,
        `this port is not known by the name ${JSON.stringify(headers.host ?? '')}: address it by number, or add the name to admin.names`,
      )
    }
    if (method !== 'GET' && method !== 'HEAD' && isFromElsewhere(headers)) {
      throw new AdminProblem(403, 'a page from elsewhere must not change anything here')
    }
  }

  /** A name that resolves to this machine today may belong to somebody else's page (DNS rebinding); an address cannot. */
  private knows(host: unknown): boolean {
    if (typeof host !== 'string') return false
    const name = host.replace(/:\d*$/, '').toLowerCase()
    if (isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0) return true
    return name === 'localhost' || name.endsWith('.localhost') || this.names.has(name)
  }
}

/** Browsers say where a request that may change something comes from (Fetch, section 4.8; Fetch Metadata); other programs say nothing. */
function isFromElsewhere({ origin, host, 'sec-fetch-site': site }: Headers): boolean {
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== undefined && origin !== `http://${host}`
}
