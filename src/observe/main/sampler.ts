import { getHeapStatistics } from 'node:v8'
import type { Router } from '../../core/router.js'
import { codeName } from '../../protocol/codes.js'
import { DROP_REASONS } from '../../protocol/ops.js'
import { sharedNow } from '../clock.js'
import type { Sources } from '../metrics/sources.js'
import type { Phase } from '../phase.js'
import type { CoreSample, MemorySample, Sample, TransportSample, WorkSample } from '../sample.js'
import { furthestBehind } from './behind.js'
import type { LoopWatch } from './loop-watch.js'

/** What this needs of the daemon's parts. */
export type SampledParts = Pick<Sources, 'router' | 'listeners' | 'ingressMeters' | 'httpMeters' | 'tls'>

/** Reads all meters of the routing thread. It takes its time, so nothing here may depend on how many sessions there are. */
export class Sampler {
  constructor(
    private readonly parts: SampledParts,
    private readonly loop: LoopWatch,
  ) {}

  /** The sample of this second, with which the next interval begins. */
  next(phase: Phase): Sample {
    const sample = this.now(phase)
    this.loop.beginInterval()
    return sample
  }

  /** The meters as they are now, within an interval. */
  now(phase: Phase): Sample {
    const { router } = this.parts
    return {
      atMs: sharedNow(),
      phase,
      isOverloaded: router.delivery.isOverloaded,
      core: coreSample(router),
      work: workSample(router),
      loop: this.loop.read(),
      memory: memorySample(router),
      transports: transportSample(this.parts),
      slow: furthestBehind(router.delivery.waiting, performance.now()),
    }
  }
}

function coreSample(router: Router): CoreSample {
  const { meters } = router
  return {
    accepted: meters.accepted,
    acceptedBytes: meters.acceptedBytes,
    runs: meters.runs,
    routed: meters.routed,
    unmatched: meters.unmatched,
    expiredUnrouted: meters.expiredUnrouted,
    matched: meters.matched,
    delivered: meters.delivered,
    writes: meters.writes,
    writtenBytes: meters.writtenBytes,
    pendingInLanes: router.meters.pendingInLanes,
    pendingInOutboxes: meters.pendingInOutboxes,
    gaps: meters.gaps,
    slowConsumers: meters.slowConsumers,
    routedByLane: Array.from(meters.routedByLane),
    laneDepths: router.lanes.depths,
    dropped: Object.fromEntries(DROP_REASONS.map((reason, index) => [reason, meters.dropped[index]])),
    refused: byName(meters.refused),
    topics: router.topics.size,
    patterns: router.patterns.size,
    sessions: router.sessions.size,
    subscriptions: meters.subscriptions,
    blockedOutboxes: meters.blockedOutboxes,
  }
}

function workSample({ work }: Router): WorkSample {
  return { ...work }
}

function memorySample({ delivery, runs }: Router): MemorySample {
  const heap = getHeapStatistics()
  return {
    budget: delivery.budget.max,
    used: delivery.budget.used,
    // As processor time: filled in on the other thread, since asking the kernel takes longer than all the rest.
    resident: 0,
    heapUsed: heap.used_heap_size,
    heapLimit: heap.heap_size_limit,
    external: heap.external_memory,
    pools: { runs: runs.held, pages: delivery.pages.held, batches: delivery.heldBatches },
  }
}

function transportSample({ listeners, ingressMeters, httpMeters, tls }: SampledParts): TransportSample {
  let requests = 0
  for (const count of httpMeters.answered.values()) requests += count
  let handshakesFailed = 0
  for (const count of tls?.meters.failed.values() ?? []) handshakesFailed += count
  return {
    connections: Object.fromEntries(listeners.map(({ name, ingress }) => [name, ingress.connections])),
    opened: ingressMeters.opened,
    messages: ingressMeters.messages,
    requests,
    closed: byName(ingressMeters.closed),
    handshakesFailed,
  }
}

function byName(counts: ReadonlyMap<number, number>): Record<string, number> {
  return Object.fromEntries(Array.from(counts, ([code, count]) => [codeName(code), count]))
}
