import { setTimeout as sleep } from 'node:timers/promises'
import { Stage, type StageName } from '../../core/latency.js'
import { LANES } from '../../protocol/ops.js'
import type { Metric } from '../metrics/definition.js'
import type { Sample } from '../sample.js'
import type { ObserverSettings } from '../settings.js'
import { BURN_WINDOWS, SLO_TOPIC_PREFIX, type SloEvent, type SloStats } from '../stats.js'
import type { Part, ThreadContext } from '../thread/part.js'
import { AdminProblem, json, type Route } from '../thread/routes.js'
import { sloMetrics } from './metrics.js'
import { type Change, Objective, RECENT_TICKS } from './objective.js'
import { RecentSum, RowReader } from './row.js'
import { sayChange } from './sentence.js'
import { type SavedState, StateFile } from './state-file.js'
import { TARGET_EVENTS_PER_SECOND, Target } from './target.js'
import { Webhook } from './webhook.js'

/** Counts that a crash may cost. */
const SAVE_INTERVAL_MS = 60_000

/** Objectives: counts and judges them once a second, tells of changes on `$sys.slo.{name}` and by the webhook, and keeps the counts over a restart. */
export class SloPart implements Part {
  readonly routes: readonly Route[]
  readonly metrics: readonly Metric[]
  readonly target = new Target()
  /** Always the same array: the metrics are of it. */
  private readonly objectives: Objective[]
  private readonly queue: RowReader[]
  private readonly fanout: RowReader[]
  private readonly queueMs = new RecentSum(RECENT_TICKS)
  private readonly fanoutMs = new RecentSum(RECENT_TICKS)
  private webhook: Webhook | null
  private file: StateFile | null
  /** What is to be added to the shared clock to get one that runs on over restarts: as a rule milliseconds since 1970. */
  private offsetMs: number
  /** Nothing is counted before what was kept has been read. */
  private isReady = false
  private readonly restored: Promise<void>
  private savedAt: number
  private saving: Promise<void> | null = null
  private isSaveFailing = false

  /** @param wallNow milliseconds since 1970 */
  constructor(
    private readonly context: ThreadContext,
    private readonly wallNow: () => number = Date.now,
  ) {
    const { settings, latency } = context
    this.objectives = settings.slos.map((slo) => new Objective(slo, latency))
    if (context.isRestart === true) for (const objective of this.objectives) objective.skip()
    const rows = (stage: Stage) =>
      Array.from({ length: LANES }, (_, lane) => new RowReader(latency.ofLane(stage, lane)))
    this.queue = rows(Stage.QUEUE)
    this.fanout = rows(Stage.FANOUT)
    this.webhook = makeWebhook(context)
    this.file = makeFile(settings)
    this.offsetMs = wallNow() - context.now()
    this.savedAt = context.now()
    this.restored = this.restore().finally(() => {
      this.isReady = true
    })
    this.routes = [
      { method: 'GET', path: '/slos', about: 'objectives: budgets and burn rates', handle: () => json(this.page()) },
      {
        method: 'GET',
        path: '/slos/:name',
        about: 'one objective',
        handle: ({ params }) => json(this.one(params.name)),
      },
    ]
    this.metrics = sloMetrics(this.objectives, this.target, () => this.webhook)
  }

  /** Objectives that ask what they have asked before keep their past; the others begin now. */
  reconfigured(before: ObserverSettings): void {
    const { settings, latency } = this.context
    const next = settings.slos.map((slo) => {
      const made = new Objective(slo, latency)
      const known = this.objectives.find((objective) => objective.asksAs(slo))
      if (known === undefined) made.skip()
      else made.follow(known)
      return made
    })
    this.objectives.splice(0, this.objectives.length, ...next)
    if (settings.webhook !== before.webhook) {
      if (this.webhook === null) this.webhook = makeWebhook(this.context)
      else if (settings.webhook !== '') this.webhook.url = settings.webhook
      else {
        void this.webhook.close()
        this.webhook = null
      }
    }
    this.file = makeFile(settings)
  }

  get slos(): readonly SloStats[] {
    return this.objectives.map(({ stats }) => stats)
  }

  /** As Stats has it. */
  get targetStats(): { best: number; ratio: number; eventsPerSecond: number } {
    const { best, ratio } = this.target
    return { best, ratio, eventsPerSecond: TARGET_EVENTS_PER_SECOND }
  }

  /** Resolves when what was kept has been read. */
  get ready(): Promise<void> {
    return this.restored
  }

  private page() {
    return { slos: this.slos, windows: BURN_WINDOWS, target: this.targetStats }
  }

  private one(name: string): SloStats {
    const found = this.slos.find((slo) => slo.name === name)
    if (found !== undefined) return found
    const names = this.slos.map((slo) => slo.name)
    throw new AdminProblem(404, names.length === 0 ? 'there are no objectives' : `there are ${names.join(', ')}`)
  }

  tick(sample: Sample, _before: Sample, isFresh: boolean): void {
    if (isFresh) this.target.tick(sample)
    if (!this.isReady) return
    this.queueMs.push(msOf(this.queue))
    this.fanoutMs.push(msOf(this.fanout))
    const now = this.context.now()
    for (const objective of this.objectives) {
      const change = objective.tick(now + this.offsetMs)
      if (change !== null) this.tell(objective, change, sample)
    }
    if (now - this.savedAt >= SAVE_INTERVAL_MS) this.save()
  }

  private tell(objective: Objective, { previous, state }: Change, { slow }: Sample): void {
    const { stats } = objective
    const worstStage = this.worstStage(objective)
    const says = sayChange(stats, previous, worstStage, slow)
    const event: SloEvent = {
      name: stats.name,
      state,
      previous,
      says,
      slo: stats,
      worstStage,
      slow,
      at: Math.round(this.wallNow()),
    }
    this.context.log(state === 'ok' ? 'info' : 'warn', says, { slo: stats.name, state, previous })
    this.context.publish(SLO_TOPIC_PREFIX + stats.name, event)
    this.webhook?.send({
      about: `${stats.name}: ${state}`,
      body: JSON.stringify({ server: this.context.settings.name, ...event }),
    })
  }

  /** Where most of the time of the last minute went: before the drain, in the drain, or after it. */
  private worstStage({ settings, waitingMs }: Objective): StageName {
    const queue = this.queueMs.sum
    const fanout = this.fanoutMs.sum
    if (settings.stage === 'delivery' && waitingMs > Math.max(queue, fanout)) return 'delivery'
    return queue >= fanout ? 'queue' : 'fanout'
  }

  private async restore(): Promise<void> {
    if (this.file === null) return
    const { stateFile } = this.context.settings
    try {
      const state = await this.file.read()
      if (state === null) return
      // Time runs on from where it was: a clock that was set back must not make the counts of yesterday those of tomorrow.
      this.offsetMs += Math.max(0, state.savedAt - (this.context.now() + this.offsetMs))
      this.take(state)
    } catch (error) {
      const problem = (error as Error).message
      this.context.log('warn', 'what objectives have counted could not be read: they begin anew', {
        stateFile,
        problem,
      })
      await this.file.setAside().catch(() => {})
    }
  }

  private take(state: SavedState): void {
    for (const { settings, history } of this.objectives) {
      const saved = state.slos.find(({ name }) => name === settings.name)
      if (saved === undefined) continue
      const { topics, stage, thresholdMs } = settings
      if (saved.topics === topics && saved.stage === stage && saved.thresholdMs === thresholdMs) {
        history.restore(saved.rings)
      } else {
        this.context.log('info', 'an objective asks another question than before: it begins anew', {
          slo: settings.name,
        })
      }
    }
  }

  private save(): void {
    if (this.file === null || this.saving !== null) return
    this.savedAt = this.context.now()
    const state: SavedState = {
      savedAt: this.savedAt + this.offsetMs,
      slos: this.objectives.map(({ settings: { name, topics, stage, thresholdMs }, history }) => ({
        name,
        topics,
        stage,
        thresholdMs,
        rings: history.save(),
      })),
    }
    this.saving = this.write(this.file, state).finally(() => {
      this.saving = null
    })
  }

  private async write(file: StateFile, state: SavedState): Promise<void> {
    try {
      await file.write(state)
      this.isSaveFailing = false
    } catch (error) {
      // Once: the next minute has nothing new to say.
      if (this.isSaveFailing) return
      this.isSaveFailing = true
      const { stateFile } = this.context.settings
      const problem = (error as Error).message
      this.context.log('warn', 'what objectives have counted could not be kept', { stateFile, problem })
    }
  }

  async close(): Promise<void> {
    await this.restored
    await this.saving
    const at = this.context.now() + this.offsetMs
    // What has come since the last second, too.
    for (const objective of this.objectives) objective.tick(at)
    this.save()
    await this.saving
    await this.webhook?.close()
  }
}

function makeWebhook({ settings, log }: ThreadContext): Webhook | null {
  if (settings.webhook === '') return null
  return new Webhook(settings.webhook, {
    log,
    sleep: (ms, signal) => sleep(ms, undefined, { signal, ref: false }).catch(() => {}),
  })
}

function makeFile({ stateFile, slos }: ObserverSettings): StateFile | null {
  return stateFile === '' || slos.length === 0 ? null : new StateFile(stateFile)
}

function msOf(rows: readonly RowReader[]): number {
  return rows.reduce((sum, row) => sum + row.read().ms, 0)
}
