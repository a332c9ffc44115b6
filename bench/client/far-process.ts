import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { spawnPinned, stopProcess } from '../pinned.js'
import type { FromFar, ToFar } from './far-protocol.js'

const SCRIPT = fileURLToPath(new URL('./far-end.js', import.meta.url))
/** Connecting, and what has to come after a run. Longer is a stall, of whoever. */
const ANSWER_MS_MAX = 15_000

/** The raw end in its process, as the client's process sees it. */
export class FarProcess {
  /** What it has received so far. */
  received = 0
  /** Called when it has received more. */
  onReceived: () => void = () => {}
  failure: Error | null = null
  private readonly child: ChildProcess
  private waiter: { kind: FromFar['kind']; resolve(message: FromFar): void; reject(error: Error): void } | null = null

  constructor(core: number | null) {
    this.child = spawnPinned(core, process.execPath, [SCRIPT], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.child.on('message', (message: FromFar) => this.take(message))
    this.child.once('exit', (code, signal) => this.fail(new Error(`the raw end ended with ${signal ?? code}`)))
  }

  get pid(): number {
    return this.child.pid!
  }

  send(message: ToFar): void {
    this.child.send(message)
  }

  /** Sends a message, and resolves with the answer. */
  ask<K extends FromFar['kind']>(message: ToFar, kind: K): Promise<Extract<FromFar, { kind: K }>> {
    if (this.failure !== null) return Promise.reject(this.failure)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.fail(new Error('the raw end does not answer')), ANSWER_MS_MAX)
      this.waiter = {
        kind,
        resolve: (answer) => {
          clearTimeout(timer)
          resolve(answer as Extract<FromFar, { kind: K }>)
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      this.send(message)
    })
  }

  stop(): Promise<void> {
    return stopProcess(this.child)
  }

  private take(message: FromFar): void {
    if (message.kind === 'received') {
      this.received = message.events
      this.onReceived()
    } else if (message.kind === 'failed') this.fail(new Error(message.error))
    else if (this.waiter?.kind === message.kind) this.waiter.resolve(message)
  }

  private fail(error: Error): void {
    this.failure ??= error
    this.waiter?.reject(error)
    this.onReceived()
  }
}
