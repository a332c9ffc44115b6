import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'
import { type FrontPage, renderFrontPage } from './front-page.js'
import type { Health, HealthAnswer } from './health.js'

/** Milliseconds for an operator's request; nothing here takes long. */
const REQUEST_TIMEOUT_MS = 5000

/** The page has no script and takes nothing from elsewhere; browsers are to hold it to that. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

/** The port for operators and their tools: /livez, /readyz, /metrics, and a page that says where everything is. */
export class AdminServer {
  private readonly server: Server

  constructor(
    private readonly health: Health,
    private readonly registry: Registry,
    /** Asked at each request: ports are known only once they are bound. */
    private readonly frontPage: () => FrontPage,
  ) {
    this.server = createServer(
      { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
      (req, res) => {
        if (req.method !== 'GET' && req.method !== 'HEAD') {
          res.writeHead(405, { allow: 'GET, HEAD' }).end()
          return
        }
        switch ((req.url ?? '/').split('?')[0]) {
          case '/livez':
            answer(res, this.health.live())
            return
          case '/readyz':
            answer(res, this.health.ready())
            return
          case '/metrics':
            void this.metrics(res)
            return
          case '/':
            this.front(res)
            return
          case '/openapi.json':
            this.openapi(res)
            return
          default:
            notFound(res)
        }
      },
    )
  }

  private front(res: ServerResponse): void {
    const page = renderFrontPage(this.frontPage())
    res.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': PAGE_POLICY })
    res.end(page)
  }

  private openapi(res: ServerResponse): void {
    const { openapi } = this.frontPage()
    if (openapi === '') notFound(res)
    else res.writeHead(200, { 'content-type': 'application/json' }).end(openapi)
  }

  private async metrics(res: ServerResponse): Promise<void> {
    const text = await this.registry.metrics()
    res.writeHead(200, { 'content-type': this.registry.contentType }).end(text)
  }

  /** Resolves to the port; rejects when it cannot be bound. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen(port, host, () => {
        this.server.off('error', reject)
        resolve((this.server.address() as AddressInfo).port)
      })
    })
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    this.server.closeAllConnections()
    await closed
  }
}

function notFound(res: ServerResponse): void {
  res.writeHead(404, { 'content-type': 'text/plain' }).end('try /, /livez, /readyz or /metrics\n')
}

function answer(res: ServerResponse, { ok, body }: HealthAnswer): void {
  res.writeHead(ok ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  res.end(`${JSON.stringify(body)}\n`)
}
