import { randomBytes } from 'node:crypto'
import { type BigIntStats, stat } from 'node:fs'
import { createKeyFile, KEY_BYTES, type KeptKey, readKeyFile, rotateKeyFile } from './key-file.js'

/** Another daemon may have replaced the key in the file; looked at so often. */
const LOOK_INTERVAL_MS = 60_000
/** When somebody else is at replacing it. */
const RETRY_MS = 1000

export interface TicketKeyOptions {
  /** Empty: the key lives as long as the process. */
  ticketKeyFile: string
  ticketRotationMs: number
  inform(sentence: string): void
  warn(sentence: string): void
}

/**
 * The key that session tickets are encrypted with, replaced on schedule. With a file it outlives the process, its schedule too, and all
 * daemons with that file use the same one: whichever finds it too old replaces it, the others take that up. Without, a restart means a full
 * handshake for each client.
 */
export class TicketKeys {
  /** @throws Error with a sentence for the operator when the file cannot be used */
  static open(options: TicketKeyOptions): TicketKeys {
    const { ticketKeyFile: file } = options
    return new TicketKeys(options, file === '' ? freshKey() : (readKeyFile(file) ?? createKeyFile(file)))
  }

  private readonly listeners: ((key: Buffer) => void)[] = []
  private timer: NodeJS.Timeout | null = null
  /** By the process' own clock, for when the other one jumps. */
  private takenUpAt = performance.now()
  private stamp = ''
  private isBusy = false
  private isClosed = false
  private lastProblem = ''

  private constructor(
    private readonly options: TicketKeyOptions,
    private kept: KeptKey,
  ) {
    this.look()
  }

  get current(): Buffer {
    return this.kept.key
  }

  onChange(listener: (key: Buffer) => void): void {
    this.listeners.push(listener)
  }

  close(): void {
    this.isClosed = true
    if (this.timer !== null) clearTimeout(this.timer)
  }

  /** Takes up what somebody else put into the file, replaces what is too old. Not at once: nothing here waits for a disk. */
  look(): void {
    if (this.isBusy || this.isClosed) return
    this.isBusy = true
    if (this.timer !== null) clearTimeout(this.timer)
    const { ticketKeyFile: file } = this.options
    if (file !== '') {
      stat(file, { bigint: true }, (error, stats) => this.compare(error === null ? stampOf(stats) : ''))
      return
    }
    if (this.isDue()) this.take(freshKey())
    this.finish(null)
  }

  private compare(stamp: string): void {
    if (this.isClosed) return
    const { ticketKeyFile: file } = this.options
    try {
      if (stamp === '' || stamp !== this.stamp) this.take(readKeyFile(file) ?? createKeyFile(file))
      this.stamp = stamp
    } catch (problem) {
      this.stamp = ''
      this.finish(problem as Error)
      return
    }
    if (!this.isDue()) {
      this.finish(null)
      return
    }
    rotateKeyFile(file, this.kept, (problem, kept) => {
      if (this.isClosed) return
      if (kept !== null) this.take(kept)
      this.finish(problem)
    })
  }

  private isDue(): boolean {
    const { ticketRotationMs } = this.options
    return Date.now() - this.kept.madeAt >= ticketRotationMs || performance.now() - this.takenUpAt >= ticketRotationMs
  }

  private take(kept: KeptKey): void {
    const isNew = !kept.key.equals(this.kept.key)
    this.kept = kept
    if (!isNew) return
    this.takenUpAt = performance.now()
    this.options.inform('new key for TLS session tickets: each client makes one full handshake')
    for (const listener of this.listeners) listener(kept.key)
  }

  private finish(problem: Error | null): void {
    this.isBusy = false
    const message = problem?.message ?? ''
    // Said once, not every minute.
    if (message !== '' && message !== this.lastProblem) {
      this.options.warn(`${message}; the key for session tickets stays as it is`)
    }
    this.lastProblem = message
    const dueInMs = Math.min(
      this.kept.madeAt + this.options.ticketRotationMs - Date.now(),
      this.takenUpAt + this.options.ticketRotationMs - performance.now(),
    )
    const inMs = problem === null ? Math.min(LOOK_INTERVAL_MS, dueInMs > 0 ? dueInMs : RETRY_MS) : LOOK_INTERVAL_MS
    this.timer = setTimeout(() => this.look(), Math.ceil(inMs)).unref()
  }
}

function freshKey(): KeptKey {
  return { key: randomBytes(KEY_BYTES), madeAt: Date.now(), generation: 0 }
}

/** The same as long as nobody touched the file. */
function stampOf({ dev, ino, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${mtimeNs}:${ctimeNs}`
}
