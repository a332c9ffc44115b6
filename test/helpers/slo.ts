import { LATENCY_BYTES, LatencyCounts, Stage } from '../../src/core/latency.js'
import type { SloSettings } from '../../src/observe/settings.js'
import type { ThreadContext } from '../../src/observe/thread/part.js'

/** 99.9 % of orders delivered within a millisecond, over 30 days. */
export const ORDERS: SloSettings = {
  name: 'orders',
  topics: 'orders.>',
  stage: 'delivery',
  thresholdMs: 1,
  objective: 0.999,
  windowDays: 30,
  topicClass: 0,
}

/** The counters that the routing thread would count in. */
export class Traffic {
  readonly counts = new LatencyCounts(new SharedArrayBuffer(LATENCY_BYTES))

  /** Deliveries of class 0 that took so long, and as long to be routed unless said otherwise. */
  took(ms: number, count: number, routedMs = ms): void {
    this.counts.note(Stage.QUEUE, 3, 0, routedMs / 2, count)
    this.counts.note(Stage.FANOUT, 3, 0, routedMs / 4, count)
    this.counts.note(Stage.ROUTING, 3, 1, routedMs, count)
    this.counts.note(Stage.DELIVERY, 3, 1, ms, count)
  }
}

export interface Logged {
  readonly level: string
  readonly sentence: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A thread's context with a clock that is turned by hand, and notes of what was said. */
export class FakeContext {
  nowMs = 5_000_000
  readonly traffic = new Traffic()
  readonly published: { topic: string; value: unknown }[] = []
  readonly logged: Logged[] = []

  make(settings: { slos: readonly SloSettings[]; webhook?: string; stateFile?: string }): ThreadContext {
    return {
      settings: {
        name: 'test',
        software: 'sluice/test',
        digest: '0123456789abcdef',
        admin: null,
        classes: [{ name: 'orders', topics: 'orders.>' }],
        webhook: '',
        stateFile: '',
        ...settings,
      },
      latency: this.traffic.counts,
      listeners: [],
      now: () => this.nowMs,
      publish: (topic, value) => this.published.push({ topic, value }),
      ask: () => Promise.reject(new Error('nobody is asked')),
      log: (level, sentence, fields = {}) => this.logged.push({ level, sentence, fields }),
    }
  }
}
