import { latency100k } from './latency.js'
import { idle10k, queuedMemory } from './memory.js'
import { priority } from './priority.js'
import type { Scenario } from './scenario.js'
import { fanIn64, fanOut100, fanOut1000, oneToOne1, oneToOne64 } from './throughput.js'
import { topics100k } from './topics.js'

export const SCENARIOS: readonly Scenario[] = [
  oneToOne64,
  oneToOne1,
  fanOut100,
  fanOut1000,
  fanIn64,
  topics100k,
  priority,
  latency100k,
  idle10k,
  queuedMemory,
]
