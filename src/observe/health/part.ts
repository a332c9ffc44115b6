import type { Board } from '../board.js'
import type { Part, ThreadContext } from '../thread/part.js'
import { type AdminAnswer, json, type Route } from '../thread/routes.js'
import { isRouting, liveness, readiness, type Verdict } from './verdict.js'

/** Who asks whether the daemon is ready waits no longer than this for what only the routing thread knows. */
const OVERLOAD_PATIENCE_MS = 500

/** /livez and /readyz. What they say comes from memory that the routing thread writes to, so that they can be answered when it cannot. */
export class HealthPart implements Part {
  readonly routes: readonly Route[] = [
    {
      method: 'GET',
      path: '/livez',
      about: 'whether the process should be left alone: an event of its own comes through the router',
      handle: () => this.answer(liveness(this.board, this.context.now())),
    },
    {
      method: 'GET',
      path: '/readyz',
      about: 'whether it should be given clients',
      handle: async () => this.answer(readiness(this.board, this.context.now(), await this.isOverloaded())),
    },
  ]
  readonly metrics = [
    {
      name: 'sluice_live',
      help: '1 while an event of the daemon itself comes through the router.',
      type: 'gauge',
      labels: [],
      read: () => (isRouting(this.board, this.context.now()) ? 1 : 0),
    },
    {
      name: 'sluice_canary_age_seconds',
      help: 'How long ago an event of the daemon itself last came through the router.',
      type: 'gauge',
      labels: [],
      read: () => Math.max(0, this.context.now() - this.board.canaryAt) / 1000,
    },
    {
      name: 'sluice_canary_seconds',
      help: 'How long that event was on its way.',
      type: 'gauge',
      labels: [],
      read: () => this.board.canaryWayMs / 1000,
    },
  ] as const

  constructor(
    private readonly context: ThreadContext,
    private readonly board: Board,
  ) {}

  tick(): void {}

  private async isOverloaded(): Promise<boolean> {
    let late: NodeJS.Timeout | undefined
    const patience = new Promise<boolean>((resolve) => {
      late = setTimeout(() => resolve(this.board.isOverloaded), OVERLOAD_PATIENCE_MS)
    })
    const asked = this.context.ask('isOverloaded', null).catch(() => this.board.isOverloaded)
    const isOverloaded = await Promise.race([asked, patience])
    clearTimeout(late)
    return isOverloaded
  }

  private answer({ ok, body }: Verdict): AdminAnswer {
    return json({ ...body, config: this.context.settings.digest }, ok ? 200 : 503)
  }
}
