import { renderFrontPage } from './front-page-html.js'
import type { Part, ThreadContext } from './part.js'
import { type AdminAnswer, json, type Route } from './routes.js'

/** The page has no script and takes nothing from elsewhere; browsers are to hold it to that. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

const PATH = '/about'
/** What a page loads, and nobody looks at. */
const IS_ASSET = /^\/dashboard[./]/

/** The page that says where everything is, and the description of the HTTP API. */
export class FrontPagePart implements Part {
  readonly routes: readonly Route[] = [
    { method: 'GET', path: PATH, about: 'this page: where everything is', handle: () => this.page() },
    {
      method: 'GET',
      path: '/openapi.json',
      about: 'the HTTP API, as an OpenAPI 3.1 document',
      handle: async () => ({ ...json(null), body: await this.context.ask('openapi', null) }),
    },
  ]

  /** @param all routes of all parts; asked when all are there */
  constructor(
    private readonly context: ThreadContext,
    private readonly all: () => readonly Route[],
  ) {}

  tick(): void {}

  private page(): AdminAnswer {
    const { settings, listeners } = this.context
    const pages = this.all().filter(
      ({ method, path }) => method === 'GET' && !path.includes(':') && path !== PATH && !IS_ASSET.test(path),
    )
    return {
      status: 200,
      type: 'text/html; charset=utf-8',
      body: renderFrontPage({ software: settings.software, listeners, pages }),
      headers: { 'content-security-policy': POLICY },
    }
  }
}
