import { Access, FULL_ACCESS } from '../../src/core/access.js'
import type { CoreOptions } from '../../src/core/options.js'
import { Rate } from '../../src/core/rate.js'
import { Rules } from '../../src/core/rules.js'
import type { SubscribeOptions } from '../../src/protocol/control.js'
import { POLICIES } from '../../src/protocol/ops.js'
import { coreOptions } from '../helpers/core-options.js'
import type { SeededRandom } from '../helpers/msgpack-random.js'

/** A message fills its slab if no more than this is left of it. */
export const FILL_BYTES_MAX = 4096

/** What one seed makes of a world: limits so small that all of them are met. */
export interface Plan {
  options: CoreOptions
  sessionsMax: number
  topics: readonly string[]
  patterns: readonly string[]
  /** One in so many writes finds its link full; 0 for links that are never full. */
  blockOneIn: number
  /** Steps that a full link stays so, at most. */
  stallStepsMax: number
  /** Messages fill slabs to the last byte, and little is drained before. */
  fillsSlabs: boolean
  payloadBytesUsual: number
  burstMax: number
  /** One in so many events is of another topic, or another lane, than the one before. */
  changeOneIn: number
  /** One in so many steps ends a turn that is scheduled. */
  turnOneIn: number
  ttlOneIn: number
  keyOneIn: number
  badOneIn: number
  /** What sessions may do, each one of these; one that may do everything is always among them. */
  accesses: readonly Access[]
  /** One in so many sessions has a rate; 0 for none. */
  rateOneIn: number
}

export function makePlan(random: SeededRandom): Plan {
  const between = (low: number, high: number) => low + random.below(high - low + 1)
  const scale = (low: number, high: number) => Math.floor(low * (high / low) ** (random.below(1001) / 1000))
  const directBytes = scale(64, 8192)
  const fillsSlabs = random.oneIn(3)
  const topics = makeTopics(random, scale(1, 400))
  const patterns = makePatterns(random, topics)
  return {
    options: coreOptions({
      messageBytesMax: scale(4096, 65_536),
      payloadBytesMax: scale(fillsSlabs ? FILL_BYTES_MAX : 256, 8192),
      subscriptionsMax: between(3, 12),
      slabs: between(1, 4),
      inlineDrainFrames: scale(fillsSlabs ? 200 : 1, 1000),
      inlineDrainBytes: scale(fillsSlabs ? 100_000 : 256, 400_000),
      drainBytes: scale(64, 1 << 20),
      pendingBytesMax: scale(1024, 1 << 20),
      runBytesMax: scale(64, 65_536),
      laneWeights: Array.from({ length: 7 }, () => scale(1, 64)),
      strictShare: between(50, 95) / 100,
      topicsMax: scale(2, 500),
      topicIdleMs: scale(8, 10_000),
      directBytes,
      batchBytes: directBytes + random.below(16_384),
      outboxPolicy: random.pick(POLICIES),
      outboxBytesMax: scale(512, 1 << 17),
      outboxEventsMax: scale(2, 1000),
      outboxSoftBytes: scale(256, 1 << 16),
      outboxSoftTimeMs: scale(10, 10_000),
      outboxControlBytesMax: scale(256, 16_384),
      memoryBudgetBytes: scale(2048, 1 << 20),
      memoryResumeRatio: between(30, 95) / 100,
      hashSeed: random.below(0x7fffffff),
    }),
    sessionsMax: between(2, 14),
    topics,
    patterns,
    blockOneIn: random.pick([0, 2, 5, 20, 100]),
    stallStepsMax: scale(1, 400),
    fillsSlabs,
    payloadBytesUsual: scale(4, 512),
    burstMax: scale(1, 100),
    changeOneIn: random.pick(fillsSlabs ? [100, 2000] : [2, 6, 100, 2000]),
    turnOneIn: random.pick(fillsSlabs ? [10, 100] : [1, 3, 10, 100]),
    ttlOneIn: random.pick([2, 10, 50, 1000]),
    keyOneIn: random.pick([2, 10, 50]),
    badOneIn: random.pick([5, 30, 300, 10_000]),
    accesses: [FULL_ACCESS, ...Array.from({ length: random.pick([0, 0, 1, 4]) }, () => makeAccess(random, patterns))],
    rateOneIn: random.pick([0, 0, 2, 10]),
  }
}

const TOKENS = ['a', 'b', 'c', 'orders', 'é中', 'user-17', 'x'.repeat(40), '$', '0']

function makeTopics(random: SeededRandom, count: number): string[] {
  const topics = new Set<string>()
  for (let tries = 0; tries < count * 2 && topics.size < count; tries++) {
    const tokens = Array.from({ length: 1 + random.below(random.oneIn(5) ? 16 : 4) }, () => random.pick(TOKENS))
    const topic = tokens.join('.')
    if (Buffer.byteLength(topic) <= 255) topics.add(topic)
  }
  return [...topics]
}

function makePatterns(random: SeededRandom, topics: readonly string[]): string[] {
  const patterns = new Set<string>(['>', '*', 'a.>', '*.b', 'nobody.publishes.this'])
  const wanted = 5 + random.below(60)
  for (let tries = 0; tries < wanted * 2 && patterns.size < wanted; tries++) {
    const tokens = random.pick(topics).split('.')
    const stars = tokens.map((token) => (random.oneIn(3) ? '*' : token))
    if (random.oneIn(3)) stars.splice(1 + random.below(stars.length), stars.length, '>')
    patterns.add(stars.slice(0, 16).join('.'))
  }
  return [...patterns]
}

function makeAccess(random: SeededRandom, patterns: readonly string[]): Access {
  const some = (most: number): string[] => Array.from({ length: random.below(most + 1) }, () => random.pick(patterns))
  const rules = (): Rules | null => (random.oneIn(4) ? null : new Rules(random.oneIn(2) ? ['>'] : some(6), some(3)))
  return new Access('somebody', rules(), rules(), random.oneIn(4) ? random.below(4) : 0)
}

/** Small enough that it is met, and large enough that the world goes on. */
export function randomRate(random: SeededRandom): Rate {
  return new Rate({
    eventsPerSecond: random.oneIn(3) ? 0 : 100 + random.below(10_000),
    bytesPerSecond: random.oneIn(3) ? 0 : 10_000 + random.below(1_000_000),
  })
}

export function randomSubscribeOptions(random: SeededRandom): SubscribeOptions {
  const options: SubscribeOptions = {}
  if (!random.oneIn(4)) options.policy = random.pick(POLICIES.slice(0, random.oneIn(4) ? 4 : 3))
  if (random.oneIn(2)) options.bytesMax = 1 + random.below(random.oneIn(4) ? 200 : 20_000)
  if (random.oneIn(2)) options.eventsMax = 1 + random.below(random.oneIn(4) ? 4 : 300)
  return options
}
