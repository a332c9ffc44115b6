import type { Closed, Runtime, SocketEvents } from '../../src/client/runtime.js'
import { mayTryAgain } from '../../src/protocol/codes.js'
import type { FakeDaemon, FakeSession } from './fake-daemon.js'

/** How long a condition may take before a test is called failed: far beyond what a slow machine needs. */
const PATIENCE_MS = 20_000

/** Waits, turn by turn, until the condition holds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Lets everything run that is under way in memory: microtasks make microtasks, so a few turns. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
}

interface Timer {
  atMs: number
  order: number
  run(): void
}

/** A clock that stands until it is moved, a die that says what it is told, and sockets that end in a fake daemon in memory. */
export class ManualRuntime implements Runtime {
  nowMs = 1000
  dice = 0.5
  /** Bytes that the socket says it still holds. */
  bufferedNow = 0
  /** Null: nobody listens. */
  daemon: FakeDaemon | null
  readonly opened: string[] = []
  private timers = new Set<Timer>()
  private timersMade = 0
  private current: SocketEvents | null = null
  /** Whether sockets can stop reading; those of browsers cannot. */
  canPause = true
  /** Whether the client has stopped reading. */
  isPaused = false

  constructor(daemon: FakeDaemon) {
    this.daemon = daemon
  }

  now(): number {
    return this.nowMs
  }

  random(): number {
    return this.dice
  }

  defer(run: () => void): void {
    queueMicrotask(run)
  }

  setTimer(run: () => void, delayMs: number): unknown {
    const timer = { atMs: this.nowMs + delayMs, order: this.timersMade++, run }
    this.timers.add(timer)
    return timer
  }

  clearTimer(timer: unknown): void {
    this.timers.delete(timer as Timer)
  }

  get timersWaiting(): number {
    return this.timers.size
  }

  /** Moves the clock, runs what falls due in order, and lets what follows from it happen. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms
    for (;;) {
      await settle()
      const due = [...this.timers].filter((timer) => timer.atMs <= endMs)
      const next = due.sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
      if (next === undefined) break
      this.nowMs = Math.max(this.nowMs, next.atMs)
      this.timers.delete(next)
      next.run()
    }
    this.nowMs = endMs
    await settle()
  }

  /** The socket has sent what it held. */
  drain(): void {
    this.bufferedNow = 0
    this.current?.drained()
  }

  readonly openSocket: Runtime['openSocket'] = (url, _subprotocol, events) => {
    this.opened.push(url)
    this.current = events
    let session: FakeSession | null = null
    let isOver = false
    const unread: Uint8Array[] = []
    this.isPaused = false
    const read = () => {
      while (!this.isPaused && !isOver && unread.length > 0) events.received(unread.shift() as Uint8Array)
    }
    const later = (run: () => void) => queueMicrotask(() => !isOver && run())
    const end = (closed: Closed) => {
      if (isOver) return
      isOver = true
      session?.closed()
      queueMicrotask(() => events.closed(closed))
    }
    later(() => {
      const { daemon } = this
      if (daemon === null) return end({ code: 1006, reason: 'refused', mayRetry: true })
      events.opened()
      session = daemon.accept({
        send: (bytes) => {
          later(() => {
            unread.push(new Uint8Array(bytes))
            read()
          })
        },
        close: (code, reason) => end({ code, reason, mayRetry: mayTryAgain(code) }),
        kill: () => end({ code: 1006, reason: '', mayRetry: true }),
      })
    })
    return {
      send: (bytes) => {
        const copy = bytes.slice()
        later(() => session?.receive(copy))
      },
      bufferedBytes: () => this.bufferedNow,
      ...(this.canPause && {
        pause: () => {
          this.isPaused = true
        },
        resume: () => {
          this.isPaused = false
          later(read)
        },
      }),
      close: (code, reason) => later(() => end({ code, reason, mayRetry: true })),
      terminate: () => end({ code: 1006, reason: '', mayRetry: true }),
    }
  }
}
