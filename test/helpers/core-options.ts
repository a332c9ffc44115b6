import type { CoreOptions } from '../../src/core/options.js'

/** Options of a small core that poisons what it releases; a test overrides what it is about. */
export function coreOptions(overrides: Partial<CoreOptions> = {}): CoreOptions {
  return {
    server: 'server-under-test',
    software: 'sluice/test',
    messageBytesMax: 64 << 10,
    payloadBytesMax: 32 << 10,
    subscriptionsMax: 100,
    slabBytes: 64 << 10,
    slabs: 4,
    inlineDrainFrames: 256,
    inlineDrainBytes: 128 << 10,
    drainBytes: 4 << 20,
    pendingBytesMax: 8 << 20,
    runBytesMax: 64 << 10,
    laneWeights: [64, 32, 16, 8, 4, 2, 1],
    strictShare: 0.9,
    topicsMax: 4096,
    topicIdleMs: 60_000,
    directBytes: 4 << 10,
    batchBytes: 32 << 10,
    outboxPolicy: 'drop-oldest',
    outboxBytesMax: 1 << 20,
    outboxEventsMax: 65_536,
    outboxSoftBytes: 256 << 10,
    outboxSoftTimeMs: 10_000,
    outboxControlBytesMax: 64 << 10,
    memoryBudgetBytes: 64 << 20,
    memoryResumeRatio: 0.9,
    retryAfterMs: 1000,
    latency: null,
    topicClasses: [],
    hashSeed: 1,
    poison: true,
    ...overrides,
  }
}
