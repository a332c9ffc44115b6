import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/index.js'
import type { Router } from '../core/router.js'
import type { DrainState } from '../observe/control/answers.js'
import { type DrainOptions, type DrainResult, drainMsMax, drainSessions } from './drain.js'
import type { Logger } from './log.js'
import type { Parts } from './parts.js'

/** The end of a daemon: drains and closes everything, in the order in which nobody is left waiting for what has gone already. */
export class Shutdown {
  /** Resolves when everything is closed. */
  readonly finished: Promise<void>
  private tellFinished!: () => void
  private begun: Promise<void> | null = null
  private step: DrainState['step'] = 'serving'
  private startedAt = 0
  private sessionsAtStart = 0
  private msMax = 0

  /**
   * @param configNow the configuration that runs
   * @param onBegin is told how long it may take, milliseconds
   */
  constructor(
    private readonly parts: Parts,
    private readonly configNow: () => Config,
    private readonly onBegin: (msMax: number) => void,
  ) {
    this.finished = new Promise((resolve) => {
      this.tellFinished = resolve
    })
  }

  /** @param handover null: as configured. Once it has begun it goes on as it has begun. */
  begin(reason: string, handover: boolean | null = null): Promise<void> {
    this.begun ??= this.run(reason, handover).then(() => this.tellFinished())
    return this.begun
  }

  get state(): DrainState {
    const { router } = this.parts
    return {
      step: this.step,
      sessions: router.sessions.size,
      sessionsAtStart: this.sessionsAtStart,
      pendingEvents: router.meters.pendingInLanes + router.meters.pendingInOutboxes,
      elapsedMs: this.begun === null ? 0 : Math.round(performance.now() - this.startedAt),
      endsWithinMs: this.msMax,
    }
  }

  private async run(reason: string, handover: boolean | null): Promise<void> {
    const { log, router, observer, listeners, api, tls, security, tick } = this.parts
    const { readyGraceMs, drainTimeoutMs, goawaySpreadMs, handover: isConfigured } = this.configNow().shutdown
    const options: DrainOptions = {
      timeoutMs: drainTimeoutMs,
      spreadMs: goawaySpreadMs,
      isHandover: handover ?? isConfigured,
    }
    this.startedAt = performance.now()
    this.sessionsAtStart = router.sessions.size
    this.msMax = readyGraceMs + drainMsMax(options)
    this.onBegin(this.msMax)
    log.info({ reason, sessions: this.sessionsAtStart, handover: options.isHandover }, 'draining')
    // Before all else: a balancer is to know it before its connections are refused.
    observer.phase = 'draining'
    if (readyGraceMs > 0) {
      this.step = 'grace'
      await sleep(readyGraceMs)
    }
    this.step = 'leaving'
    // Before anybody is told to go: else they would come back here.
    for (const { ingress } of listeners) ingress.stopListening()
    api.drain()
    const drained = await drainSessions(router, options)
    this.step = 'closing'
    clearInterval(tick)
    api.close()
    await Promise.all(listeners.map(({ ingress }) => ingress.close()))
    tls?.close()
    security.close()
    observer.phase = 'stopped'
    await observer.stop()
    report(log, router, drained)
  }
}

function report(log: Logger, router: Router, { lost, behind }: DrainResult): void {
  const { accepted, delivered, dropped } = router.meters
  log.info(
    { accepted, delivered, dropped: dropped.reduce((sum, n) => sum + n, 0), lostAtStop: lost, sessionsBehind: behind },
    'stopped',
  )
}
