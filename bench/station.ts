import type { FlowSpec, Job, JobResult, Target } from './generator/job.js'
import { GeneratorProcess, NullProcess } from './generator-process.js'
import type { Pinning } from './pinned.js'
import type { Case } from './scenarios/scenario.js'
import type { Need, RunningSubject, Subject } from './subjects/subject.js'

/** The ceiling is what the generator can do, so the better of some attempts is nearest to it. */
const CEILING_ATTEMPTS = 2
const CEILING_MS = 700

/** One subject, and a generator for each case that it takes part in. A generator serves one case, so its code stays compiled for it. */
export class Station {
  private running: RunningSubject | null = null
  private readonly generators = new Map<Case, GeneratorProcess>()

  constructor(
    readonly subject: Subject,
    private readonly need: Need,
    private readonly pinning: Pinning,
  ) {}

  /** @param fresh starts the subject anew, for what memory it takes */
  async run<J extends Job>(item: Case, makeJob: (target: Target) => J, fresh: boolean): Promise<JobResult<J>> {
    if (fresh) await this.stopSubject()
    this.running ??= await this.subject.start({ core: this.pinning.subjectCore, need: this.need })
    const { port, pid } = this.running
    try {
      return await this.generatorFor(item).run(makeJob({ wire: this.subject.wire, port, pid }))
    } catch (error) {
      // What a failed run leaves behind must not be measured by the next.
      await this.stopSubject()
      throw error
    }
  }

  /** Deliveries a second that the generator itself can send and receive in this flow on its one core. */
  async ceiling(item: Case, flow: FlowSpec): Promise<number> {
    const { wire } = this.subject
    const nothing = await NullProcess.start(this.pinning.subjectCore, { wire, flow })
    try {
      let best = 0
      for (let attempt = 0; attempt < CEILING_ATTEMPTS; attempt++) {
        const target = { wire, port: 0, pid: process.pid }
        const measured = await this.generatorFor(item).run({
          kind: 'ceiling',
          target,
          flow,
          ...nothing.ports,
          measureMs: CEILING_MS,
        })
        // One core does both: an event costs one send and as many receipts as there are subscribers of it.
        const fanOut = flow.subscribers.reduce((sum, each) => sum + each.streams.length, 0) / flow.streams.length
        const seconds = 1 / measured.sendEventsPerSecond + fanOut / measured.receiveDeliveriesPerSecond
        best = Math.max(best, fanOut / seconds)
      }
      return best
    } finally {
      await nothing.stop()
    }
  }

  async stop(): Promise<void> {
    await this.stopSubject()
    for (const generator of this.generators.values()) await generator.stop()
    this.generators.clear()
  }

  private async stopSubject(): Promise<void> {
    const { running } = this
    this.running = null
    await running?.stop()
  }

  private generatorFor(item: Case): GeneratorProcess {
    let generator = this.generators.get(item)
    if (generator === undefined || generator.ended) {
      generator = new GeneratorProcess(this.pinning.generatorCore)
      this.generators.set(item, generator)
    }
    return generator
  }
}
