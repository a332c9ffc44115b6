import type { Part, ThreadContext } from '../thread/part.js'
import { json, type Route } from '../thread/routes.js'
import type { BusToken } from '../visitors/questions.js'
import { busUrls } from './directions.js'
import { PageFiles } from './files.js'

const FILES: readonly (readonly [name: string, type: string, about: string])[] = [
  ['app.js', 'text/javascript; charset=utf-8', 'script of the dashboard'],
  ['app.css', 'text/css; charset=utf-8', 'style of the dashboard'],
  ['icon.svg', 'image/svg+xml', 'icon of the dashboard'],
]

export type DashboardContext = Pick<ThreadContext, 'listeners' | 'ask'>

/** What GET /dashboard.json tells. */
export interface Directions {
  /** URLs. */
  readonly bus: readonly string[]
  /** null where the bus asks nobody who they are. */
  readonly token: BusToken | null
}

/** The page, its files, and where it finds the bus. What it shows comes from elsewhere: $sys.stats and /stats. */
export class DashboardPart implements Part {
  readonly routes: readonly Route[]

  constructor(
    private readonly context: DashboardContext,
    files = new PageFiles(),
  ) {
    this.routes = [
      {
        method: 'GET',
        path: '/',
        about: 'the dashboard: all of this drawn, live',
        handle: async ({ headers }) => {
          const page = await files.answer('index.html', 'text/html; charset=utf-8', headers)
          const policy = { 'content-security-policy': this.policy(headers.host), 'referrer-policy': 'no-referrer' }
          return { ...page, headers: { ...page.headers, ...policy } }
        },
      },
      {
        method: 'GET',
        path: '/dashboard.json',
        about: 'where a page from this address finds the bus, and a token that opens it to the page for a while',
        handle: async ({ headers }) => {
          const bus = busUrls(this.context.listeners, headers.host)
          return json({ bus, token: await this.context.ask('busToken', null) } satisfies Directions)
        },
      },
      ...FILES.map(
        ([name, type, about]): Route => ({
          method: 'GET',
          path: `/dashboard/${name}`,
          about,
          handle: ({ headers }) => files.answer(name, type, headers),
        }),
      ),
    ]
  }

  tick(): void {}

  /** Nothing from elsewhere, nothing in line, nobody's frame; besides its own server it talks to the bus alone. */
  private policy(host: unknown): string {
    return [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      ["connect-src 'self'", ...busUrls(this.context.listeners, host)].join(' '),
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; ')
  }
}
