import { isIP } from 'node:net'
import type { ListenerPlace } from '../settings.js'

const ANY = new Set(['0.0.0.0', '[::]'])
const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d{1,3}){3}|\[::1\])$/
/** What may stand in a URL and in the policy of a page, whoever made it up. */
const HOST = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/

const SCHEMES: Readonly<Record<string, string>> = { 'ws:': 'ws:', 'wss:': 'wss:', 'http:': 'ws:', 'https:': 'wss:' }

/**
 * Where a page that was loaded from `host` finds the bus: WebSocket URLs, the port of [listen] first.
 * @param host as in the request's header of that name, with or without a port
 */
export function busUrls(listeners: readonly ListenerPlace[], host: unknown): string[] {
  const page = hostName(host)
  const urls: string[] = []
  for (const { url } of listeners) {
    const place = URL.canParse(url) ? new URL(url) : null
    const scheme = SCHEMES[place?.protocol ?? '']
    if (place === null || scheme === undefined) continue
    urls.push(`${scheme}//${reachable(place.hostname, page)}${place.port === '' ? '' : `:${place.port}`}`)
  }
  return urls
}

/** A port that listens everywhere is where the page came from; so is one of this machine, if the page came from this machine by another name. */
function reachable(bound: string, page: string | null): string {
  if (page === null) return bound
  return ANY.has(bound) || (LOOPBACK.test(bound) && LOOPBACK.test(page)) ? page : bound
}

function hostName(host: unknown): string | null {
  if (typeof host !== 'string') return null
  const name = host.replace(/:\d*$/, '').toLowerCase()
  if (!HOST.test(name)) return null
  if (name.startsWith('[') && isIP(name.slice(1, -1)) !== 6) return null
  return name
}
