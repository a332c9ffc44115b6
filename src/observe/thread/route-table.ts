import { AdminProblem, type Route } from './routes.js'

export interface Found {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** Which route a request is for. */
export class RouteTable {
  private readonly routes: readonly { readonly route: Route; readonly segments: readonly string[] }[]

  constructor(routes: readonly Route[]) {
    this.routes = routes.map((route) => ({ route, segments: route.path.split('/') }))
  }

  /** @throws AdminProblem with 404; with 405, and what is allowed */
  find(method: string, path: string): Found {
    const wanted = method === 'HEAD' ? 'GET' : method
    const given = path.split('/').map(decode)
    const allowed = new Set<string>()
    // A literal path goes before one with a parameter: `/connections/closed` is no session.
    let found: Found | null = null
    for (const { route, segments } of this.routes) {
      const params = match(segments, given)
      if (params === null) continue
      allowed.add(route.method)
      if (
        route.method === wanted &&
        (found === null || Object.keys(params).length < Object.keys(found.params).length)
      ) {
        found = { route, params }
      }
    }
    if (found !== null) return found
    if (allowed.size > 0) throw methodProblem([...allowed])
    const paths = this.routes.map(({ route }) => route.path).filter((known, index, all) => all.indexOf(known) === index)
    throw new AdminProblem(404, `there is no such page; try ${paths.join(', ')}`)
  }
}

function methodProblem(methods: readonly string[]): AdminProblem {
  const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ')
  return new AdminProblem(405, `here only ${allow} can be used`, { allow })
}

function match(segments: readonly string[], given: readonly string[]): Record<string, string> | null {
  if (segments.length !== given.length) return null
  const params: Record<string, string> = {}
  for (const [index, segment] of segments.entries()) {
    if (segment.startsWith(':') && given[index] !== '') params[segment.slice(1)] = given[index]
    else if (segment !== given[index]) return null
  }
  return params
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
