import type { Stats } from '../../observe/stats.js'

/** What the picture cannot do without, by an example of each: lists and what may be null are looked at no further. */
const SHAPE = {
  at: 0,
  sequence: 0,
  server: { name: '', software: '', pid: 0, uptimeS: 0, phase: '' },
  rates: {
    accepted: 0,
    acceptedBytes: 0,
    delivered: 0,
    writtenBytes: 0,
    dropped: 0,
    expired: 0,
    refused: 0,
    unmatched: 0,
  },
  totals: { accepted: 0, delivered: 0 },
  drops: [],
  lanes: [],
  stages: {},
  classes: [],
  heat: [],
  pending: { lanes: 0, outboxes: 0, blockedOutboxes: 0 },
  memory: { used: 0, budget: 0, resident: 0, heapUsed: 0 },
  loop: { lagP99Ms: 0, lagMaxMs: 0, utilization: 0, gcMs: 0, gcMaxMs: 0, cpu: 0 },
  sessions: 0,
  subscriptions: 0,
  topics: 0,
  patterns: 0,
  connections: {},
  slos: [],
  bottleneck: { limit: '', says: '', share: 0, since: 0 },
  anomalies: [],
  slow: [],
  target: { best: 0, ratio: 0, eventsPerSecond: 0 },
}

function hasShape(value: unknown, shape: unknown): boolean {
  if (Array.isArray(shape)) return Array.isArray(value)
  if (typeof shape !== 'object' || shape === null) return typeof value === typeof shape
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(shape).every(([key, part]) => hasShape((value as Record<string, unknown>)[key], part))
}

/** The figures, or null when they are not of the version of the daemon that this was made for. */
export function statsOf(value: unknown): Stats | null {
  return hasShape(value, SHAPE) ? (value as Stats) : null
}
