import { pack } from 'msgpackr'
import { PageFiles } from '../../src/observe/dashboard/files.js'
import { type DashboardContext, DashboardPart } from '../../src/observe/dashboard/part.js'
import type { ListenerPlace } from '../../src/observe/settings.js'
import { HISTORY_POINTS_MAX } from '../../src/observe/stats/history.js'
import { STATS_TOPIC, type Stats, type StatsHistory } from '../../src/observe/stats.js'
import { AdminProblem, json, type Route } from '../../src/observe/thread/routes.js'
import { AdminServer } from '../../src/observe/thread/server.js'
import type { BusToken } from '../../src/observe/visitors/questions.js'
import { eventFrame } from './core-frames.js'
import { FakeDaemon, type Listening, listen } from './fake-daemon.js'

/** The dashboard as the daemon serves it, with figures that a test makes up. */
export class DashboardSite {
  readonly daemon = new FakeDaemon()
  /** What GET /stats/history answers. */
  past: readonly Stats[] = []
  /** What GET /stats answers; null for 503. */
  latest: Stats | null = null
  /** What opens the bus to the page. */
  token: BusToken | null = null
  /** Sessions that the page has ended. */
  readonly kicked: number[] = []
  /** Requests by path. */
  readonly asked: string[] = []
  url = ''
  private readonly listeners: ListenerPlace[] = []
  private readonly server = new AdminServer({ host: '127.0.0.1', port: 0, names: [], isOpen: true })
  private bus: Listening | null = null

  /** @param folder of the built page, where it is another than the package's */
  async start(folder?: string): Promise<this> {
    await this.openBus()
    const part = new DashboardPart(this.context(), new PageFiles(folder))
    this.server.serveRoutes([...part.routes, ...this.figures()].map((route) => this.noted(route)))
    this.url = `http://127.0.0.1:${await this.server.listen()}/`
    return this
  }

  private context(): DashboardContext {
    const { listeners } = this
    return { listeners, ask: (() => Promise.resolve(this.token)) as DashboardContext['ask'] }
  }

  async close(): Promise<void> {
    await this.server.close()
    await this.closeBus()
  }

  async openBus(port = 0): Promise<void> {
    this.bus = await listen(this.daemon, port)
    this.listeners.splice(0, 1, { name: 'listen', url: this.bus.url, about: 'a fake' })
  }

  async closeBus(): Promise<void> {
    await this.bus?.close()
    this.bus = null
  }

  get busPort(): number {
    return Number(new URL(this.listeners[0].url).port)
  }

  /** Whether a page listens to Stats. */
  get isWatched(): boolean {
    return this.daemon.sessions.some((session) => session.isOpen && session.patterns.has(STATS_TOPIC))
  }

  publish(stats: unknown): void {
    const frame = eventFrame(STATS_TOPIC, pack(stats))
    for (const session of this.daemon.sessions) if (session.patterns.has(STATS_TOPIC)) session.send(frame)
  }

  private figures(): Route[] {
    return [
      {
        method: 'GET',
        path: '/stats',
        about: 'fake',
        handle: () => {
          if (this.latest === null) throw new AdminProblem(503, 'none')
          return json(this.latest)
        },
      },
      { method: 'GET', path: '/stats/history', about: 'fake', handle: ({ query }) => json(this.history(query)) },
      {
        method: 'POST',
        path: '/connections/:session/kick',
        about: 'fake',
        handle: ({ params }) => {
          this.kicked.push(Number(params.session))
          return json({ kicked: { session: Number(params.session) }, reason: '' })
        },
      },
    ]
  }

  private history(query: URLSearchParams): StatsHistory {
    const points = this.past.slice(-Number(query.get('seconds')))
    const stepS = Math.ceil(points.length / HISTORY_POINTS_MAX)
    return { stepS, points: points.filter((_, i) => (points.length - 1 - i) % stepS === 0) }
  }

  private noted(route: Route): Route {
    return {
      ...route,
      handle: (request) => {
        this.asked.push(route.path)
        return route.handle(request)
      },
    }
  }
}
