import { randomBytes, randomUUID } from 'node:crypto'
import { type Config, topicClassesOf } from '../config/index.js'
import type { LatencyCounts } from '../core/latency.js'
import type { CoreOptions } from '../core/options.js'

/** What is no matter of configuration, or of nothing but the start. */
type FixedOption = 'server' | 'software' | 'latency' | 'topicClasses' | 'hashSeed' | 'poison'

/**
 * The core's options from the operator's configuration.
 * @param latency null: nothing is timed
 */
export function coreOptions(config: Config, software: string, latency: LatencyCounts | null): CoreOptions {
  return {
    ...configuredOptions(config),
    server: randomUUID(),
    software,
    latency,
    topicClasses: topicClassesOf(config).map(({ topics }) => topics),
    hashSeed: randomBytes(4).readInt32LE(),
    poison: false,
  }
}

/** Those that may be given to a router that runs, as long as what needs a restart is what it has begun with. */
export function configuredOptions(config: Config): Omit<CoreOptions, FixedOption> {
  const { listen, protocol, router, outbox, memory } = config
  return {
    messageBytesMax: listen.messageBytesMax,
    payloadBytesMax: protocol.payloadBytesMax,
    subscriptionsMax: protocol.subscriptionsMax,
    patternTokensMax: config.limits.patternTokensMax,
    unauthenticatedBytesMax: config.auth.unauthenticatedBytesMax,
    slabBytes: router.slabBytes,
    slabs: router.slabs,
    inlineDrainFrames: router.inlineDrainFrames,
    inlineDrainBytes: router.inlineDrainBytes,
    drainBytes: router.drainBytes,
    pendingBytesMax: router.pendingBytesMax,
    runBytesMax: router.runBytesMax,
    laneWeights: router.laneWeights,
    strictShare: router.strictShare,
    topicsMax: router.topicsMax,
    topicIdleMs: router.topicIdleMs,
    directBytes: router.directBytes,
    batchBytes: router.batchBytes,
    outboxPolicy: outbox.policy,
    outboxBytesMax: outbox.bytesMax,
    outboxEventsMax: outbox.eventsMax,
    outboxSoftBytes: outbox.softBytes,
    outboxSoftTimeMs: outbox.softTimeMs,
    outboxControlBytesMax: outbox.controlBytesMax,
    memoryBudgetBytes: memory.budgetBytes,
    memoryResumeRatio: memory.resumeRatio,
    retryAfterMs: memory.retryAfterMs,
  }
}
