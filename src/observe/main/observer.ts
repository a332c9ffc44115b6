import { Worker } from 'node:worker_threads'
import { BOARD_BYTES, Board } from '../board.js'
import { sharedNow } from '../clock.js'
import type { FromThread, LogLevel, ThreadStart, ToThread } from '../messages.js'
import type { MetricList } from '../metrics/definition.js'
import type { Phase } from '../phase.js'
import type { Answers, Question } from '../questions.js'
import type { Sample } from '../sample.js'
import type { ListenerPlace, ObserverSettings } from '../settings.js'
import { AdminProblem } from '../thread/routes.js'

const THREAD_ENTRY = new URL('../thread/main.js', import.meta.url)
const SAMPLE_INTERVAL_MS = 1000
/** Twice a second, so that who waits two seconds for one has missed more than one. */
const BEAT_INTERVAL_MS = 500
/** A thread that is behind by so many samples gets no more until it has caught up. */
const SAMPLES_WAITING_MAX = 5
const RESTART_FIRST_MS = 250
const RESTART_LAST_MS = 30_000
/** A thread that ran for this long was not broken from the start: the next restart is a quick one again. */
const RAN_WELL_MS = 60_000
const STOP_PATIENCE_MS = 2000
/** A thread that has taken up nothing for this long hangs. On a machine that is overloaded it waits for long, being the least urgent, so not sooner. */
const HANG_MS = 60_000
/** The thread's own memory: a leak there must not take the daemon's. */
const HEAP_MAX_MIB = 256

export interface ObserverParts {
  readonly settings: ObserverSettings
  /** Memory of LatencyCounts; null when nothing is timed. */
  readonly latency: SharedArrayBuffer | null
  /** What is read here at each scrape; the observer adds its own. */
  readonly metrics: MetricList
  readonly answers: Answers
  readonly sampler: {
    next(phase: Phase): Sample
    now(phase: Phase): Sample
  }
  isOverloaded(): boolean
  /** Twice a second: what is done a little at a time. */
  onBeat(): void
  /** Sends a canary through the router. */
  probe(onArrival: () => void): void
  /** Whether anybody was subscribed. */
  publish(topic: string, payload: Uint8Array): boolean
  /** Is told every few seconds in a line how the daemon is; undefined: nobody wants to know. */
  readonly onStatus?: ((line: string) => void) | undefined
  log(level: LogLevel, sentence: string, fields: Readonly<Record<string, unknown>>): void
}

/**
 * The routing thread's end of the observer thread: starts it, tells it a sample a second, answers what it asks, and starts it again when it dies, which
 * must not trouble anybody else.
 */
export class Observer {
  private readonly boardMemory = new SharedArrayBuffer(BOARD_BYTES)
  private readonly board = new Board(this.boardMemory)
  private readonly answers: Answers
  private worker: Worker | null = null
  private listeners: readonly ListenerPlace[] = []
  private settings: ObserverSettings
  private port = 0
  private startedAt = 0
  private restartMs = RESTART_FIRST_MS
  private deaths = 0
  private samplesSent = 0
  /** When the thread was last seen to take something up, and how much it had taken up then. */
  private seenAt = 0
  private seen = 0
  private timers: NodeJS.Timeout[] = []
  private restarting: NodeJS.Timeout | null = null
  private stopping = false

  constructor(
    private readonly parts: ObserverParts,
    private readonly entry = THREAD_ENTRY,
    private readonly hangMs = HANG_MS,
  ) {
    this.settings = parts.settings
    this.port = parts.settings.admin?.port ?? 0
    parts.metrics.counter(
      'sluice_observer_deaths_total',
      'Times that the observer thread, which answers here, has ended and was started again.',
      () => this.deaths,
    )
    this.answers = {
      ...parts.answers,
      sample: () => ({ sample: parts.sampler.now(this.board.phase), metrics: parts.metrics.readAll() }),
      isOverloaded: () => parts.isOverloaded(),
    }
    this.beat()
    this.board.noteCanary(sharedNow(), 0)
  }

  /** Resolves to the admin port once it is open, 0 when there is none; rejects when it cannot be opened. */
  async start(): Promise<number> {
    this.port = await this.spawn()
    this.timers = [
      setInterval(() => this.tell(), SAMPLE_INTERVAL_MS).unref(),
      setInterval(() => this.beat(), BEAT_INTERVAL_MS).unref(),
    ]
    return this.port
  }

  get phase(): Phase {
    return this.board.phase
  }

  set phase(phase: Phase) {
    this.board.phase = phase
  }

  /** Where clients connect, once it is known. */
  setListeners(listeners: readonly ListenerPlace[]): void {
    this.listeners = listeners
    this.post({ kind: 'listeners', listeners })
  }

  /** The configuration has changed; address and port, names and classes of topics have not. */
  setSettings(settings: ObserverSettings): void {
    this.settings = settings
    this.post({ kind: 'settings', settings })
  }

  /** Resolves when the thread has ended. */
  async stop(): Promise<void> {
    this.stopping = true
    for (const timer of this.timers) clearInterval(timer)
    if (this.restarting !== null) clearTimeout(this.restarting)
    const { worker } = this
    if (worker === null) return
    worker.ref()
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    const late = setTimeout(() => void worker.terminate(), STOP_PATIENCE_MS)
    this.post({ kind: 'stop' })
    await ended
    clearTimeout(late)
  }

  private spawn(): Promise<number> {
    const { settings } = this
    const { latency, metrics } = this.parts
    const admin = settings.admin === null ? null : { ...settings.admin, port: this.port }
    const start: ThreadStart = {
      settings: { ...settings, admin },
      latency,
      board: this.boardMemory,
      isRestart: this.startedAt > 0,
      isStatusWanted: this.parts.onStatus !== undefined,
      metrics: metrics.metadata,
    }
    this.startedAt = sharedNow()
    this.board.samplesSeen = 0
    this.samplesSent = 0
    return new Promise((resolve, reject) => {
      const worker = new Worker(this.entry, {
        workerData: start,
        name: 'sluice-observer',
        // What the command line asked of the routing thread, such as a profile, is not meant for this one.
        execArgv: [],
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MIB },
      })
      this.worker = worker
      let isOpen = false
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'open') {
          isOpen = true
          worker.unref()
          resolve(message.port)
        } else if (message.kind === 'closed') reject(new Error(message.message))
        else this.hear(message, worker)
      })
      worker.on('error', (error: Error) => {
        reject(error)
        if (isOpen) this.log('error', 'the observer thread has failed', { error: String(error.stack ?? error) })
      })
      worker.on('exit', () => {
        reject(new Error('the observer thread ended before it was ready'))
        if (this.worker === worker) this.worker = null
        if (!isOpen || this.stopping) return
        this.deaths++
        this.restartLater()
      })
    })
  }

  private restartLater(): void {
    if (sharedNow() - this.startedAt > RAN_WELL_MS) this.restartMs = RESTART_FIRST_MS
    const afterMs = this.restartMs
    this.restartMs = Math.min(RESTART_LAST_MS, this.restartMs * 2)
    this.log('warn', 'the observer thread has ended: metrics, health and the admin port are back when it is', {
      afterMs,
    })
    this.restarting = setTimeout(() => {
      this.spawn().then(
        () => this.log('info', 'the observer thread is back', {}),
        (error: Error) => {
          this.log('warn', 'the observer thread could not be started', { error: error.message })
          if (!this.stopping) this.restartLater()
        },
      )
    }, afterMs).unref()
  }

  private hear(message: FromThread, worker: Worker): void {
    switch (message.kind) {
      case 'ready':
        this.post({ kind: 'listeners', listeners: this.listeners })
        this.tell()
        break
      case 'stopped':
        // Whatever a part has left behind must not hold this up.
        void worker.terminate()
        break
      case 'ask':
        void this.answer(message.id, message.question, message.given, worker)
        break
      case 'publish':
        this.parts.publish(message.topic, message.payload)
        break
      case 'status':
        this.parts.onStatus?.(message.line)
        break
      case 'log':
        this.log(message.level, message.sentence, message.fields)
    }
  }

  /** Answers that are there at once are given in this turn: whoever asks has sampled one moment. */
  private async answer(id: number, question: Question, given: unknown, worker: Worker): Promise<void> {
    const reply = (message: ToThread): void => worker.postMessage(message)
    try {
      const handler = this.answers[question] as ((given: unknown) => unknown) | undefined
      if (handler === undefined) throw new AdminProblem(501, `this daemon cannot answer: ${question}`)
      const value = handler(given)
      reply({ kind: 'answer', id, value: value instanceof Promise ? await value : value })
    } catch (error) {
      const status = error instanceof AdminProblem ? error.status : 0
      if (status === 0)
        this.log('error', 'a question of the observer thread has failed', { question, error: String(error) })
      reply({ kind: 'refusal', id, status, message: (error as Error).message })
    }
  }

  private tell(): void {
    this.watch()
    if (this.worker === null || this.samplesSent - this.board.samplesSeen >= SAMPLES_WAITING_MAX) return
    this.samplesSent++
    this.post({ kind: 'sample', sample: this.parts.sampler.next(this.board.phase) })
  }

  /** A thread that hangs is ended, and started again like one that died. */
  private watch(): void {
    const { samplesSeen } = this.board
    const now = sharedNow()
    if (samplesSeen !== this.seen || this.samplesSent === samplesSeen) {
      this.seen = samplesSeen
      this.seenAt = now
    } else if (now - this.seenAt > this.hangMs && this.worker !== null) {
      this.seenAt = now
      this.log('error', 'the observer thread hangs, and is ended', { forMs: Math.round(this.hangMs) })
      void this.worker.terminate()
    }
  }

  private beat(): void {
    const now = sharedNow()
    this.board.beatAt = now
    this.board.isOverloaded = this.parts.isOverloaded()
    this.parts.onBeat()
    this.parts.probe(() => {
      const arrived = sharedNow()
      this.board.noteCanary(arrived, arrived - now)
    })
  }

  private post(message: ToThread): void {
    this.worker?.postMessage(message)
  }

  private log(level: LogLevel, sentence: string, fields: Readonly<Record<string, unknown>>): void {
    this.parts.log(level, sentence, fields)
  }
}
