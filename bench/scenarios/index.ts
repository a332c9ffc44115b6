import { againstItself } from './against-itself.js'
import { agreement } from './agreement.js'
import { clientLibrary } from './client.js'
import { eventStreams } from './event-streams.js'
import { fanIn } from './fan-in.js'
import { fanOut, fanOutLatency } from './fan-out.js'
import { headline } from './headline.js'
import { http2Publish, http2Stream, httpPublish } from './http.js'
import { latency100k } from './latency.js'
import { latencyCost } from './latency-cost.js'
import { halfLoad, loadCurve } from './load-curve.js'
import { firehoseLarge, firehoseMatrix } from './matrix.js'
import { firehoseBesideIdle, idle, queuedMemory } from './memory.js'
import { permissionsCost } from './permissions-cost.js'
import { priority } from './priority.js'
import { priorityLoad } from './priority-load.js'
import type { Scenario } from './scenario.js'
import { scrapeCost } from './scrape-cost.js'
import { slowConsumers } from './slow-consumers.js'
import { soak } from './soak.js'
import { streams1, streams1Small, streams64 } from './streams.js'
import { oneToOne1, oneToOne64 } from './throughput.js'
import { tls1, tls64, tlsHandshakes } from './tls.js'
import { topics, topicsMillion } from './topics.js'
import { wildcards } from './wildcards.js'
import { work } from './work.js'

export const SCENARIOS: readonly Scenario[] = [
  againstItself,
  oneToOne64,
  oneToOne1,
  priority,
  latency100k,
  headline,
  halfLoad,
  loadCurve,
  priorityLoad,
  slowConsumers,
  firehoseMatrix,
  firehoseLarge,
  fanIn,
  fanOut,
  fanOutLatency,
  topics,
  topicsMillion,
  wildcards,
  idle,
  firehoseBesideIdle,
  queuedMemory,
  work,
  httpPublish,
  http2Publish,
  http2Stream,
  eventStreams,
  streams1,
  streams1Small,
  streams64,
  tlsHandshakes,
  tls64,
  tls1,
  latencyCost,
  scrapeCost,
  permissionsCost,
  agreement,
  soak,
  clientLibrary,
]
