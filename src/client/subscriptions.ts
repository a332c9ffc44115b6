import { Code, mayTryAgain } from '../protocol/codes.js'
import { encodeControl, type SubscribeOptions as WireOptions } from '../protocol/control.js'
import { Op, POLICIES } from '../protocol/ops.js'
import type { EventScanner } from '../protocol/scan.js'
import { isLiteral, topicMatches } from '../protocol/topic.js'
import { SubscribeError } from './errors.js'
import { BusEvent, type Target } from './event.js'
import { checkPatternText } from './heads.js'
import type { Gap } from './status.js'
import { type Member, type SubscribeOptions, Subscription, type SubscriptionHost } from './subscription.js'
import { type Topic, TopicTable } from './topics.js'

export interface SubscriptionsHost extends Omit<SubscriptionHost, 'leave'> {
  nextRequest(): number
  /** Sends a frame behind what was sent before; nothing happens without a connection. */
  writeControl(frame: Uint8Array): void
  /** Runs a refused subscription's next attempt. */
  later(run: () => void, delayMs: number): void
}

/** One pattern as the daemon knows it; here several may listen to it. */
interface Entry {
  readonly pattern: string
  readonly listeners: Set<Member>
  options: WireOptions
  /** The SUBSCRIBE that waits for its answer, 0 if none. */
  request: number
  confirmed: boolean
}

const NONE: readonly Target[] = []
/** Wait before a subscription that an overloaded daemon refused without a hint is tried again. */
const RETRY_MS = 1_000

/** All subscriptions of the bus: who gets an event, and what the daemon is told. */
export class Subscriptions {
  private readonly host: SubscriptionsHost
  private readonly topics = new TopicTable()
  /** In the order subscribed: where patterns overlap the daemon lets the first govern, so a new connection must hear them in this order. */
  private readonly entries = new Map<string, Entry>()
  private wildcards: Entry[] = []
  /** Grows when who gets what changes; what the topic table remembers of an older version is void. */
  private version = 0
  private stopped = false
  private readonly memberHost: SubscriptionHost

  constructor(host: SubscriptionsHost) {
    this.host = host
    this.memberHost = { ...host, leave: (subscription) => this.remove(subscription) }
  }

  get size(): number {
    return this.entries.size
  }

  /** Whether an answer of the daemon is waited for, or an event by a subscription that has none. */
  get isAwaited(): boolean {
    for (const { request, listeners } of this.entries.values()) {
      if (request !== 0) return true
      for (const listener of listeners) if (listener.isWaiting) return true
    }
    return false
  }

  /** @throws TypeError or RangeError for a pattern or option that the daemon would refuse */
  add<T>(pattern: string, options: SubscribeOptions<T>): Subscription<T> {
    checkPatternText(pattern)
    const wire = wireOptions(options)
    const subscription = new Subscription<T>(pattern, options, this.memberHost)
    let entry = this.entries.get(pattern)
    const isNew = entry === undefined
    if (entry === undefined) {
      entry = { pattern, listeners: new Set(), options: wire, request: 0, confirmed: false }
      this.entries.set(pattern, entry)
      if (!isLiteral(pattern)) this.wildcards.push(entry)
    }
    entry.listeners.add(subscription)
    this.version++
    if (subscription.isWaiting) this.host.awaited()
    const changed = !isNew && Object.keys(wire).length > 0
    if (changed) entry.options = wire
    if (isNew || changed) this.send(entry)
    else if (entry.confirmed) subscription.confirm()
    return subscription
  }

  private send(entry: Entry): void {
    entry.request = this.host.nextRequest()
    entry.confirmed = false
    const { request, pattern, options } = entry
    this.host.writeControl(encodeControl({ op: Op.SUBSCRIBE, request, pattern, options }))
    this.host.awaited()
  }

  private remove(subscription: Member): void {
    const { pattern } = subscription
    const entry = this.entries.get(pattern)
    entry?.listeners.delete(subscription)
    this.version++
    subscription.end(null, new SubscribeError(pattern, Code.NOT_SUBSCRIBED, 'unsubscribed before the daemon answered'))
    if (entry !== undefined && entry.listeners.size === 0) {
      this.forget(entry)
      if (!this.stopped) this.tellUnsubscribe(entry)
    }
  }

  private forget(entry: Entry): void {
    this.entries.delete(entry.pattern)
    this.wildcards = this.wildcards.filter((other) => other !== entry)
    this.version++
  }

  private tellUnsubscribe(entry: Entry): void {
    this.host.writeControl(encodeControl({ op: Op.UNSUBSCRIBE, request: 0, pattern: entry.pattern }))
  }

  /** Tells the daemon to stop, and goes on delivering what it has sent already. Another connection is asked for nothing. */
  unsubscribeAll(): void {
    this.stopped = true
    for (const entry of this.entries.values()) this.tellUnsubscribe(entry)
  }

  /** Subscribes anew on another connection. */
  connected(isFirst: boolean): void {
    if (this.stopped) return
    for (const entry of this.entries.values()) {
      this.send(entry)
      if (!isFirst) this.missed({ pattern: entry.pattern, count: null, reason: 'reconnected' })
    }
  }

  missed(gap: Gap): void {
    const entry = this.entries.get(gap.pattern)
    if (entry !== undefined) for (const listener of entry.listeners) listener.tell(gap)
    this.host.told(gap)
  }

  confirmed(request: number): void {
    const entry = this.findRequest(request)
    if (entry === undefined) return
    entry.request = 0
    entry.confirmed = true
    for (const listener of entry.listeners) listener.confirm()
  }

  /** @returns the pattern that was refused, or undefined if the request was none of a subscription */
  refused(request: number, code: number, message: string, retryAfterMs: number | undefined): string | undefined {
    const entry = this.findRequest(request)
    if (entry === undefined) return undefined
    entry.request = 0
    if (mayTryAgain(code)) {
      this.host.later(() => {
        if (this.entries.get(entry.pattern) === entry && !entry.confirmed && entry.request === 0) this.send(entry)
      }, retryAfterMs ?? RETRY_MS)
    } else {
      this.forget(entry)
      const error = new SubscribeError(entry.pattern, code, message)
      for (const listener of entry.listeners) listener.end(error, error)
    }
    return entry.pattern
  }

  private findRequest(request: number): Entry | undefined {
    // Errors of events have 0, and so has every entry that waits for no answer.
    if (request === 0) return undefined
    for (const entry of this.entries.values()) if (entry.request === request) return entry
    return undefined
  }

  endAll(error: Error | null, readyError: Error): void {
    const entries = [...this.entries.values()]
    this.entries.clear()
    this.wildcards = []
    this.version++
    for (const entry of entries) for (const listener of entry.listeners) listener.end(error, readyError)
  }

  /** The way of an event in: topic, targets, one event object for all of them. */
  deliver(message: Uint8Array, scanner: EventScanner): void {
    const topic = this.topics.at(message, scanner.topicStart, scanner.topicEnd)
    if (topic.version !== this.version) this.retarget(topic)
    const targets = topic.targets
    if (targets.length === 0) return
    const { lane, payloadStart, payloadEnd, metadataEnd } = scanner
    const event = new BusEvent(topic.text, lane, message, payloadStart, payloadEnd, metadataEnd)
    for (let i = 0; i < targets.length; i++) targets[i].take(event)
  }

  private retarget(topic: Topic): void {
    topic.version = this.version
    const literal = this.entries.get(topic.text)
    let targets: Target[] = literal === undefined ? [] : [...literal.listeners]
    for (const entry of this.wildcards) {
      if (topicMatches(entry.pattern, topic.text)) targets = targets.concat([...entry.listeners])
    }
    topic.targets = targets.length === 0 ? NONE : targets
  }
}

/** The options the daemon is told; checked here so that a mistake is found where it was made. */
function wireOptions(options: SubscribeOptions<never>): WireOptions {
  const { policy, bytesMax, eventsMax, bufferMax, bufferBytesMax, onEvent, onGap, ...unknown } = options
  for (const name in unknown) throw new TypeError(`unknown option ${name}`)
  for (const [name, value] of Object.entries({ onEvent, onGap })) {
    if (value !== undefined && typeof value !== 'function') throw new TypeError(`${name} is a function`)
  }
  if (policy !== undefined && !POLICIES.includes(policy)) throw new TypeError(`policy is one of ${POLICIES.join(', ')}`)
  for (const [name, value] of Object.entries({ bytesMax, eventsMax, bufferMax, bufferBytesMax })) {
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
      throw new RangeError(`${name} is an integer above 0`)
    }
  }
  return {
    ...(policy !== undefined && { policy }),
    ...(bytesMax !== undefined && { bytesMax }),
    ...(eventsMax !== undefined && { eventsMax }),
  }
}
