import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { Packr } from 'msgpackr'
import { LATENCY_BYTES, LatencyCounts } from '../../core/latency.js'
import { Board } from '../board.js'
import { sharedNow } from '../clock.js'
import type { FromThread, LogLevel, ThreadStart, ToThread } from '../messages.js'
import type { Question, Questions } from '../questions.js'
import type { Sample } from '../sample.js'
import type { ListenerPlace, ObserverSettings } from '../settings.js'
import { Visitors } from '../visitors/visitors.js'
import { Asking } from './asking.js'
import type { Part, ThreadContext } from './part.js'
import { makeParts } from './parts.js'
import { pause } from './pause.js'
import type { AdminServer } from './server.js'

const TICK_INTERVAL_MS = 1000
/** A sample that is later than this does not come in this second. */
const LATE_MS = 1500
/** Of a part that fails each second, so many failures are one line in the log. */
const FAILURES_PER_LINE = 60

/** Runs the parts: what is not on the routing thread happens here. */
export class ObserverThread {
  private readonly board: Board
  private readonly asking: Asking
  private readonly visitors: Visitors
  private readonly parts: readonly Part[]
  private readonly failures = new Map<Part, number>()
  private listeners: readonly ListenerPlace[] = []
  private settings: ObserverSettings
  /** The sample that the parts have not seen yet, and the one that they saw last. */
  private next: Sample | null = null
  private last: Sample | null = null
  private isTicking = false
  private late: NodeJS.Timeout | null = null

  constructor(
    start: ThreadStart,
    private readonly port: MessagePort,
    private readonly server: AdminServer | null,
  ) {
    this.settings = start.settings
    this.board = new Board(start.board)
    this.asking = new Asking(port)
    const context = this.context(start)
    this.visitors = new Visitors(context)
    this.parts = makeParts(context, this.board, start.metrics, this.visitors)
  }

  run(): void {
    // What was told while all this was loaded comes before the requests that have waited for it.
    for (let told = receiveMessageOnPort(this.port); told !== undefined; told = receiveMessageOnPort(this.port)) {
      this.hear(told.message as ToThread)
    }
    this.port.on('message', (message: ToThread) => this.hear(message))
    this.server?.serveRoutes(
      this.parts.flatMap((part) => part.routes),
      this.visitors,
    )
    this.post({ kind: 'ready' })
  }

  private context({ latency, isRestart, isStatusWanted }: ThreadStart): ThreadContext {
    const thread = this
    const packr = new Packr({ useRecords: false, variableMapSize: true })
    return {
      get settings() {
        return thread.settings
      },
      latency: new LatencyCounts(latency ?? new ArrayBuffer(LATENCY_BYTES)),
      isRestart,
      get listeners() {
        return thread.listeners
      },
      now: sharedNow,
      publish: (topic, value) => this.post({ kind: 'publish', topic, payload: packr.pack(value) }),
      ask: <Q extends Question>(question: Q, given: Questions[Q]['given']) => this.asking.ask(question, given),
      status: isStatusWanted ? (line) => this.post({ kind: 'status', line }) : undefined,
      log: (level, sentence, fields = {}) => this.log(level, sentence, fields),
    }
  }

  private hear(message: ToThread): void {
    switch (message.kind) {
      case 'sample':
        this.board.samplesSeen++
        this.take(message.sample)
        break
      case 'answer':
      case 'refusal':
        this.asking.hear(message)
        break
      case 'listeners':
        this.listeners = message.listeners
        break
      case 'settings':
        this.reconfigure(message.settings)
        break
      case 'stop':
        void this.stop()
    }
  }

  private reconfigure(settings: ObserverSettings): void {
    const before = this.settings
    this.settings = settings
    if (settings.admin !== null) this.server?.setNames(settings.admin.names)
    for (const part of this.parts) part.reconfigured?.(before)
  }

  private take(told: Sample): void {
    const sample = withProcess(told)
    // While this thread is behind, samples are skipped: each is of all that was since the start.
    this.next = sample
    void this.tickAll()
    this.expect(LATE_MS)
  }

  /** While the routing thread tells nothing, the parts have their second all the same. */
  private expect(withinMs: number): void {
    if (this.late !== null) clearTimeout(this.late)
    this.late = setTimeout(() => {
      void this.tickAll()
      this.expect(TICK_INTERVAL_MS)
    }, withinMs)
  }

  /** Gives each part its second; with the sample that is there to be looked at, or else with the last one. */
  private async tickAll(): Promise<void> {
    if (this.isTicking) return
    this.isTicking = true
    do {
      const sample = this.next ?? this.last
      const before = this.last
      const isFresh = this.next !== null
      this.next = null
      this.last = sample
      if (sample !== null && before !== null) await this.tick(sample, before, isFresh)
    } while (this.next !== null)
    this.isTicking = false
  }

  private async tick(sample: Sample, before: Sample, isFresh: boolean): Promise<void> {
    for (const part of this.parts) {
      try {
        part.tick(sample, before, isFresh)
      } catch (error) {
        this.noteFailure(part, error)
      }
      await pause()
    }
  }

  private noteFailure(part: Part, error: unknown): void {
    const failures = this.failures.get(part) ?? 0
    this.failures.set(part, failures + 1)
    if (failures % FAILURES_PER_LINE !== 0) return
    this.log('error', 'a part of the observer has failed', { part: part.constructor.name, error: stackOf(error) })
  }

  private async stop(): Promise<void> {
    if (this.late !== null) clearTimeout(this.late)
    await Promise.allSettled(this.parts.map((part) => part.close?.()))
    await this.server?.close()
    this.post({ kind: 'stopped' })
  }

  private log(level: LogLevel, sentence: string, fields: Readonly<Record<string, unknown>>): void {
    this.post({ kind: 'log', level, sentence, fields })
  }

  private post(message: FromThread): void {
    this.port.postMessage(message)
  }
}

/** What is known of the process in any thread, and takes long to find out. */
function withProcess(sample: Sample): Sample {
  const { user, system } = process.cpuUsage()
  return {
    ...sample,
    loop: { ...sample.loop, cpuUserS: user / 1e6, cpuSystemS: system / 1e6 },
    memory: { ...sample.memory, resident: process.memoryUsage.rss() },
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
