import type { SubscribeOptions as WireOptions } from '../protocol/control.js'
import { callOut } from './callbacks.js'
import type { BusEvent, Target } from './event.js'
import { EventQueue } from './event-queue.js'
import type { Gap } from './status.js'

const BUFFER_EVENTS_MAX = 16_384
const BUFFER_BYTES_MAX = 16 * 1024 * 1024
/** Shares of these at which reading stops and goes on: what the socket has read by then still finds room. */
const FULL_SHARE = 1 / 2
const EASED_SHARE = 1 / 4

export interface SubscribeOptions<T = unknown> extends WireOptions {
  /** Called with each event, in place of iterating. */
  onEvent?: (event: BusEvent<T>) => void
  /** Called when events were missed, before the next one. */
  onGap?: (gap: Gap) => void
  /**
   * Events that may wait for the iterator. Default 16,384. At half of them the socket is no longer read, so that more waits with the daemon, unless somebody waits
   * for something else from it. When they are too many all the same, the oldest are dropped (with policy `drop-newest`, the arriving one), counted in
   * `missed.local`, and told by `onGap`.
   */
  bufferMax?: number
  /** Bytes of events that may wait for the iterator. Default 16 MiB. */
  bufferBytesMax?: number
}

/** What a subscription missed. */
export interface Missed {
  /** Events the daemon dropped for it and told of. */
  daemon: number
  /** Events dropped from its full local queue. */
  local: number
  /** Times the connection was replaced: nobody knows how many events passed meanwhile. */
  reconnects: number
}

/** A subscription as the bus sees it: of events of any type. */
export type Member = Target & Pick<Subscription, 'pattern' | 'isWaiting' | 'tell' | 'confirm' | 'end'>

/** What a subscription needs of the bus. */
export interface SubscriptionHost {
  leave(subscription: Member): void
  defer(run: () => void): void
  told(gap: Gap): void
  /** A queue is filling, and has room again. */
  filled(): void
  emptied(): void
  /** Somebody waits for an event. */
  awaited(): void
}

/**
 * Events of one pattern: by callback when `onEvent` was given, else by iterating (`for await`), by one reader. The iterator ends after
 * `unsubscribe()`, `drain()` and `close()`, once what has arrived is read.
 */
export class Subscription<T = unknown> implements Target, AsyncIterableIterator<BusEvent<T>> {
  readonly pattern: string
  /** Resolves when the daemon has taken the subscription; rejects with SubscribeError or ClosedError. */
  readonly ready: Promise<void>
  readonly missed: Missed = { daemon: 0, local: 0, reconnects: 0 }
  readonly options: Readonly<SubscribeOptions<T>>
  private readonly host: SubscriptionHost
  private readonly queue = new EventQueue()
  private readonly eventsMax: number
  private readonly bytesMax: number
  private readonly onEvent: ((event: BusEvent<T>) => void) | undefined
  private readers: { resolve(result: IteratorResult<BusEvent<T>>): void; reject(error: Error): void }[] = []
  private isFull = false
  private ended = false
  private error: Error | null = null
  private untold = 0
  private settleReady!: { resolve(): void; reject(error: Error): void }

  /** For the library: see Bus.subscribe. */
  constructor(pattern: string, options: SubscribeOptions<T>, host: SubscriptionHost) {
    this.pattern = pattern
    this.options = options
    this.host = host
    this.onEvent = options.onEvent
    this.eventsMax = options.bufferMax ?? BUFFER_EVENTS_MAX
    this.bytesMax = options.bufferBytesMax ?? BUFFER_BYTES_MAX
    this.ready = new Promise((resolve, reject) => {
      this.settleReady = { resolve, reject }
    })
    // Who does not wait for it learns of a refusal by status.
    this.ready.catch(() => {})
  }

  /** For the library: whether an event would be taken at once. */
  get isWaiting(): boolean {
    return this.onEvent !== undefined || this.readers.length > 0
  }

  get isActive(): boolean {
    return !this.ended
  }

  /** Nothing more arrives. What already has can still be read. */
  unsubscribe(): void {
    if (!this.ended) this.host.leave(this)
  }

  /** For the library. */
  take(event: BusEvent): void {
    if (this.ended) return
    if (this.onEvent !== undefined) callOut(this.onEvent, event as BusEvent<T>)
    else if (this.readers.length > 0) this.readers.shift()?.resolve({ value: event as BusEvent<T>, done: false })
    else this.enqueue(event)
  }

  private enqueue(event: BusEvent): void {
    const { queue } = this
    const fits = queue.length < this.eventsMax && queue.bytes + event.sizeBytes <= this.bytesMax
    if (!fits && this.options.policy === 'drop-newest') {
      this.missLocally()
      return
    }
    queue.push(event)
    while (queue.length > this.eventsMax || (queue.bytes > this.bytesMax && queue.length > 1)) {
      queue.shift()
      this.missLocally()
    }
    if (!this.isFull && this.isAbove(FULL_SHARE)) {
      this.isFull = true
      this.host.filled()
    }
  }

  private isAbove(share: number): boolean {
    return this.queue.length > this.eventsMax * share || this.queue.bytes > this.bytesMax * share
  }

  private ease(): void {
    this.isFull = false
    this.host.emptied()
  }

  private missLocally(): void {
    this.missed.local++
    if (this.untold++ > 0) return
    this.host.defer(() => {
      const gap: Gap = { pattern: this.pattern, count: this.untold, reason: 'local-buffer' }
      this.untold = 0
      this.tell(gap)
      this.host.told(gap)
    })
  }

  /** For the library. */
  tell(gap: Gap): void {
    if (gap.reason === 'reconnected') this.missed.reconnects++
    else if (gap.reason !== 'local-buffer') this.missed.daemon += gap.count ?? 0
    if (this.options.onGap !== undefined) callOut(this.options.onGap, gap)
  }

  /** For the library. */
  confirm(): void {
    this.settleReady.resolve()
  }

  /** For the library. With an error, the iterator throws it once what has arrived is read. */
  end(error: Error | null, readyError: Error): void {
    if (this.ended) return
    this.ended = true
    this.error = error
    if (this.isFull) this.ease()
    this.settleReady.reject(readyError)
    const readers = this.readers
    this.readers = []
    for (const reader of readers) this.finish(reader)
  }

  private finish(reader: (typeof this.readers)[number]): void {
    const { error } = this
    this.error = null
    if (error === null) reader.resolve({ value: undefined, done: true })
    else reader.reject(error)
  }

  next(): Promise<IteratorResult<BusEvent<T>>> {
    if (this.onEvent !== undefined) {
      return Promise.reject(new TypeError('this subscription calls onEvent; it cannot be iterated too'))
    }
    const event = this.queue.shift()
    if (this.isFull && !this.isAbove(EASED_SHARE)) this.ease()
    if (event !== undefined) return Promise.resolve({ value: event as BusEvent<T>, done: false })
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject }
      if (this.ended) this.finish(reader)
      else {
        this.readers.push(reader)
        this.host.awaited()
      }
    })
  }

  /** Leaving a `for await` unsubscribes and forgets what has not been read. */
  return(): Promise<IteratorResult<BusEvent<T>>> {
    this.unsubscribe()
    this.queue.clear()
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
