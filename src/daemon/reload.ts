import { type Config, type ConfigSource, formatProblem, type NamedTopics } from '../config/index.js'
import { mergeLive } from '../config/merge.js'
import type { ReloadAnswer } from '../observe/control/answers.js'
import type { Logger } from './log.js'

/** Puts into force what was prepared. Must not fail. */
export type Commit = () => void

/** A part of the daemon that can go on with another configuration. */
export interface Reloadable {
  /**
   * Finds out whether it can, and changes nothing yet: all parts prepare before the first commits.
   * @param next what is to run
   * @throws Error (or rejects) with a sentence for the operator: everything stays as it is then
   */
  prepare(next: Config): Commit | Promise<Commit>
}

/** The configuration that runs, and how it becomes another one. */
export class Reloading {
  succeeded = 0
  failed = 0
  /** Seconds since 1970; the start counts. */
  lastSuccessS = Date.now() / 1000
  private readonly parts: Reloadable[] = []
  private running: Config
  private runningDigest: string
  /** Ends when the one that is under way does. */
  private underWay: Promise<unknown> = Promise.resolve()
  /** Not begun yet; for all who ask meanwhile: the one under way may have read the file before they changed it. */
  private next: Promise<ReloadAnswer> | null = null

  /** @param classes topics that are timed apart since the start */
  constructor(
    config: Config,
    private readonly source: ConfigSource,
    readonly classes: readonly NamedTopics[],
    private readonly log: Logger,
  ) {
    this.running = config
    this.runningDigest = source.digest
  }

  /** Adds parts; they commit in the order in which they were added. */
  add(...parts: readonly Reloadable[]): void {
    this.parts.push(...parts)
  }

  /** What runs. */
  get config(): Config {
    return this.running
  }

  get digest(): string {
    return this.runningDigest
  }

  /** Reads the configuration again, takes up all of it that can be or nothing, and says in the log what came of it. Never rejects. */
  reload(): Promise<ReloadAnswer> {
    if (this.next !== null) return this.next
    const next = this.underWay.then(async () => {
      this.next = null
      return this.tell(await this.take())
    })
    this.next = next
    this.underWay = next
    return next
  }

  private async take(): Promise<ReloadAnswer> {
    const loaded = this.source.read()
    if (!loaded.ok) return this.refused(loaded.problems.map(formatProblem))
    const merged = mergeLive(this.running, loaded.config, this.classes)
    if (typeof merged === 'string') return this.refused([`this configuration needs a restart: ${merged}`])
    const { config, digest, changed, pending } = merged
    const prepared = await Promise.allSettled(this.parts.map(async (part) => part.prepare(config)))
    const failed = prepared.filter((one) => one.status === 'rejected')
    if (failed.length > 0) return this.refused(failed.map(({ reason }) => (reason as Error).message))
    const before = this.runningDigest
    this.running = config
    this.runningDigest = digest
    for (const one of prepared) if (one.status === 'fulfilled') one.value()
    return { ok: true, digest, before, changed, needsRestart: pending }
  }

  private refused(problems: readonly string[]): ReloadAnswer {
    return { ok: false, digest: this.runningDigest, problems }
  }

  private tell(reloaded: ReloadAnswer): ReloadAnswer {
    const { log } = this
    if (!reloaded.ok) {
      this.failed++
      for (const problem of reloaded.problems) log.error(`reload: ${problem}`)
      log.error({ digest: reloaded.digest }, 'reload: refused; the configuration before stays in use')
      return reloaded
    }
    this.succeeded++
    this.lastSuccessS = Date.now() / 1000
    const { digest, before, changed, needsRestart } = reloaded
    if (changed.length > 0) log.info({ digest, before }, `reload: changed: ${changed.join(', ')}`)
    else log.info({ digest }, 'reload: no option has changed that takes effect without a restart')
    if (needsRestart.length > 0) log.warn({ digest }, `reload: needs a restart: ${needsRestart.join(', ')}`)
    return reloaded
  }
}
