import type { Sample, SlowSubscriber } from '../../src/observe/sample.js'

type Deep<T> = { [K in keyof T]?: T[K] extends readonly unknown[] ? T[K] : T[K] extends object ? Deep<T[K]> : T[K] }

/** The first sample of a daemon that has done nothing yet. */
export const NOTHING: Sample = {
  atMs: 0,
  phase: 'ready',
  isOverloaded: false,
  core: {
    accepted: 0,
    acceptedBytes: 0,
    runs: 0,
    routed: 0,
    unmatched: 0,
    expiredUnrouted: 0,
    matched: 0,
    delivered: 0,
    writes: 0,
    writtenBytes: 0,
    pendingInLanes: 0,
    pendingInOutboxes: 0,
    gaps: 0,
    slowConsumers: 0,
    routedByLane: [0, 0, 0, 0, 0, 0, 0, 0],
    laneDepths: [0, 0, 0, 0, 0, 0, 0, 0],
    dropped: {},
    refused: {},
    topics: 0,
    patterns: 0,
    sessions: 0,
    subscriptions: 0,
    blockedOutboxes: 0,
  },
  work: { acceptMs: 0, matchMs: 0, drainMs: 0, writeMs: 0, matches: 0, drains: 0, transcodedBytes: 0 },
  loop: { lagP50Ms: 0, lagP99Ms: 0, lagMaxMs: 0, utilization: 0, gc: {}, gcMaxMs: 0, cpuUserS: 0, cpuSystemS: 0 },
  memory: { budget: 100e6, used: 0, resident: 80e6, heapUsed: 20e6, heapLimit: 1e9, external: 0, pools: {} },
  transports: { connections: {}, opened: 0, messages: 0, requests: 0, closed: {}, handshakesFailed: 0 },
  slow: [],
}

/** A sample with some values of its own. */
export function sampleWith(values: Deep<Sample>, base: Sample = NOTHING): Sample {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(values)) {
    const below = merged[key]
    merged[key] =
      typeof below === 'object' && below !== null && !Array.isArray(below) ? { ...below, ...(value as object) } : value
  }
  return merged as unknown as Sample
}

/** One second after the first. */
export function secondWith(values: Deep<Sample>): Sample {
  return sampleWith({ atMs: 1000, ...values })
}

export function slowOne(values: Partial<SlowSubscriber> = {}): SlowSubscriber {
  return {
    session: 7,
    name: 'billing',
    address: '127.0.0.1:4233',
    pendingBytes: 200_000,
    pendingEvents: 200,
    dropped: 0,
    blockedMs: 900,
    ...values,
  }
}
