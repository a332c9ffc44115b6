import type { Wire } from '../wires/wire.js'
import type { Connection } from './connection.js'
import { topicAt } from './cycle.js'
import type { StreamSpec } from './job.js'

const TICK_MS = 10
/** Subscriptions that are held at a time: enough for overlaps, few enough to come round often. */
const HELD = 40

/**
 * Subscribes and unsubscribes at a steady rate on a connection of its own. Half of the patterns match one topic of the
 * stream each, so that they change real match lists; the others overlap the stream's in the trie without matching.
 * Distinct patterns and repeated ones take turns.
 */
export class Churn {
  sent = 0
  private readonly held: string[] = []
  private timer: NodeJS.Timeout | null = null
  private startAt = 0

  constructor(
    private readonly connection: Connection,
    private readonly wire: Wire,
    private readonly stream: StreamSpec,
    private readonly perSecond: number,
  ) {
    connection.stream(() => {})
  }

  start(now: number): void {
    this.startAt = now
    this.timer = setInterval(() => this.tick(performance.now()), TICK_MS)
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer)
  }

  private tick(now: number): void {
    const due = Math.floor(((now - this.startAt) * this.perSecond) / 1000)
    for (; this.sent < due; this.sent++) this.connection.send(this.next())
  }

  private next(): Uint8Array {
    const subscribe = this.held.length < HELD || this.sent % 2 === 0
    const pattern = subscribe ? this.pattern(this.sent) : this.held.shift()!
    if (subscribe) this.held.push(pattern)
    const command = this.wire.churn(subscribe, pattern)
    if (command === null) throw new Error(`${this.wire.name} has no churn`)
    return command
  }

  private pattern(n: number): string {
    const topic = topicAt(this.stream, n)
    const [first, second] = topic.split('.')
    switch ((n >>> 1) % 4) {
      case 0:
        return topic
      case 1:
        return `${first}.${second}.*.x`
      case 2:
        return topicAt(this.stream, n % 16)
      default:
        return `${first}.*.x${n % 8}`
    }
  }
}
