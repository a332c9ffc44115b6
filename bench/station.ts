import type { FlowSpec, Job, JobResult, RequestSpec, Target } from './generator/job.js'
import { GeneratorProcess, NullProcess } from './generator-process.js'
import { asCollecting } from './memory-looked-at.js'
import { problemOf, shapeOf } from './open-loop.js'
import type { Pinning } from './pinned.js'
import type { Case } from './scenarios/scenario.js'
import type { Need, RunningSubject, Subject } from './subjects/subject.js'

/** The ceiling is what the generator can do, so the better of some attempts is nearest to it. */
const CEILING_ATTEMPTS = 2
const CEILING_MS = 700
/** What takes the generator's core for a moment spoils one attempt; what it cannot do it can do in none. */
const REHEARSALS_MAX = 4
/** A flow is encoded beforehand and runs at its full rate at once; there are many of them. */
const FLOW_CEILING_MS = 400

/** One subject, and a generator for each case that it takes part in. A generator serves one case, so its code stays compiled for it. */
export class Station {
  private running: RunningSubject | null = null
  private readonly generators = new Map<Case | string, GeneratorProcess>()
  /** Holds connections, so that those of the generator beside it are not among thousands. */
  private holder: GeneratorProcess | null = null

  constructor(
    readonly subject: Subject,
    private readonly need: Need,
    private readonly pinning: Pinning,
  ) {}

  /** @param fresh starts the subject anew, for what memory it takes, or what it remembers */
  async run<J extends Job>(item: Case, makeJob: (target: Target) => J, fresh: boolean): Promise<JobResult<J>> {
    if (fresh) await this.stopSubject()
    this.running ??= isOfMemory(item) ? await asCollecting(() => this.start()) : await this.start()
    try {
      return await this.generatorFor(item).run(makeJob(targetOf(this.subject, this.running)))
    } catch (error) {
      // What a failed run leaves behind must not be measured by the next.
      await this.stopSubject()
      throw error
    }
  }

  /** Does something while so many connections are open that say nothing. */
  async besideIdle<T>(connections: number, run: () => Promise<T>): Promise<T> {
    this.running ??= await this.start()
    const target = targetOf(this.subject, this.running)
    if (this.holder === null || this.holder.ended) this.holder = new GeneratorProcess(this.pinning.generatorCore)
    const { holder } = this
    await holder.run({ kind: 'hold', target, connections })
    try {
      return await run()
    } finally {
      await holder.run({ kind: 'hold', target, connections: 0 })
    }
  }

  /** Where the subject tells its counters. Rejects when it has none. */
  async adminUrl(): Promise<string> {
    this.running ??= await this.start()
    const { adminUrl } = this.running
    if (adminUrl === undefined || adminUrl === '') throw new Error(`${this.subject.label} has no metrics to scrape`)
    return adminUrl
  }

  /** Deliveries a second that the generator itself can send and receive in this flow on its one core. */
  async flowCeiling(item: Case, flow: FlowSpec): Promise<number> {
    return this.withNull(flow, async (nothing, target) => {
      const measured = await this.generatorFor(item).run({
        kind: 'ceiling',
        target,
        flow,
        ...nothing.ports,
        measureMs: FLOW_CEILING_MS,
      })
      // One core does both: an event costs one send and as many receipts as there are subscribers of it.
      const fanOut = flow.subscribers.reduce((sum, each) => sum + each.streams.length, 0) / flow.streams.length
      const seconds = 1 / measured.sendEventsPerSecond + fanOut / measured.receiveDeliveriesPerSecond
      return fanOut / seconds
    })
  }

  /** @returns null when the generator can do by itself what this flow says, otherwise what it cannot */
  async rehearse(item: Case, flow: FlowSpec): Promise<string | null> {
    return this.withNothing(flow, async (nothing, target) => {
      let problem: string | null = null
      for (let i = 0; i < REHEARSALS_MAX; i++) {
        const job = { kind: 'rehearsal', target, flow, ...nothing.ports, measureMs: CEILING_MS } as const
        problem = problemOf(await this.generatorFor(item).run(job), flow)
        if (problem === null) return null
      }
      return problem
    })
  }

  /** Requests a second that the load program reaches against a server that does not look into them. */
  async requestCeiling(item: Case, requests: RequestSpec): Promise<number> {
    return this.withNull(null, async (nothing, target) => {
      const measured = await this.generatorFor(item).run({
        kind: 'requests',
        target: { ...target, port: nothing.ports.httpPort, pid: nothing.pid },
        requests,
        warmupMs: CEILING_MS,
        measureMs: CEILING_MS,
        cores: [],
      })
      return measured.requestsPerSecond
    })
  }

  async stop(): Promise<void> {
    await this.stopSubject()
    await this.holder?.stop()
    for (const generator of this.generators.values()) await generator.stop()
    this.generators.clear()
  }

  /** The best of some attempts against servers that do nothing, in the place of the subject. */
  private withNull(
    flow: FlowSpec | null,
    attempt: (nothing: NullProcess, target: Target) => Promise<number>,
  ): Promise<number> {
    return this.withNothing(flow, async (nothing, target) => {
      let best = 0
      for (let i = 0; i < CEILING_ATTEMPTS; i++) best = Math.max(best, await attempt(nothing, target))
      return best
    })
  }

  /** Servers that do nothing, in the place of the subject. */
  private async withNothing<T>(
    flow: FlowSpec | null,
    use: (nothing: NullProcess, target: Target) => Promise<T>,
  ): Promise<T> {
    this.running ??= await this.start()
    const target = { ...targetOf(this.subject, this.running), adminUrl: null }
    const { wire } = this.subject
    const nothing = await NullProcess.start(this.pinning.subjectCore, { wire, flow, tls: this.running.tls ?? null })
    try {
      return await use(nothing, target)
    } finally {
      await nothing.stop()
    }
  }

  private start(): Promise<RunningSubject> {
    return this.subject.start({ core: this.pinning.subjectCore, need: this.need })
  }

  private async stopSubject(): Promise<void> {
    const { running } = this
    this.running = null
    await running?.stop()
  }

  private generatorFor(item: Case): GeneratorProcess {
    // Cases that differ in their load only are one to a generator: what it has encoded is good for all of them.
    const key = item.kind === 'flow' && item.load !== undefined ? shapeOf(item.flow) : item
    let generator = this.generators.get(key)
    if (generator === undefined || generator.ended) {
      generator = new GeneratorProcess(this.pinning.generatorCore)
      this.generators.set(key, generator)
    }
    return generator
  }
}

function isOfMemory({ kind }: Case): boolean {
  return kind === 'idle' || kind === 'queued'
}

function targetOf({ wire }: Subject, { port, pid, publish, tls, adminUrl }: RunningSubject): Target {
  const subscribe = { wire, port, tls: tls !== undefined }
  return { ...subscribe, publish: publish ?? subscribe, pid, adminUrl: adminUrl ?? null }
}
