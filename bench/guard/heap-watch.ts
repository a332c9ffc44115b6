import { Session } from 'node:inspector'
import { GCProfiler, getHeapStatistics } from 'node:v8'
import { NUMBER_BYTES } from './profile.js'
import type { Allocations, Counts, SampledProfile } from './questions.js'

/** Mean bytes between two samples: at one, every object is one, and what is found is exact. */
const SAMPLING_INTERVAL_BYTES = 1

/**
 * Notes each object that this thread allocates, whether it is collected meanwhile or not, and adds up how much that was. At the end V8 collects all garbage, after
 * which some of the compiled code is thrown away: what comes next has to be compiled again before it is looked at.
 */
export class HeapWatch {
  private readonly session = new Session()
  private collections = new GCProfiler()
  private usedBefore = 0

  start(): void {
    this.session.connect()
    this.post('HeapProfiler.startSampling', {
      samplingInterval: SAMPLING_INTERVAL_BYTES,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    })
    this.collections = new GCProfiler()
    this.collections.start()
    this.usedBefore = getHeapStatistics().used_heap_size
  }

  stop(): Allocations {
    const grown = getHeapStatistics().used_heap_size - this.usedBefore
    const { statistics } = this.collections.stop()
    const freed = statistics.reduce(
      (sum, { beforeGC, afterGC }) => sum + beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
      0,
    )
    const { profile } = this.post<{ profile: SampledProfile }>('HeapProfiler.stopSampling')
    this.session.disconnect()
    return {
      head: profile.head,
      counts: countsOf(profile.samples),
      bytes: grown + freed,
      collections: statistics.length,
    }
  }

  /** Of a session with the own thread, answers come before the call returns. */
  private post<T>(method: string, parameters: object = {}): T {
    let answer: T | undefined
    this.session.post(method, parameters, (error, result) => {
      if (error !== null) throw new Error(`${method}: ${error.message}`)
      answer = result as T
    })
    return answer as T
  }
}

/** What is as large as a number in a box is one: no other object of V8 on 64 bits is so small. */
function countsOf(samples: SampledProfile['samples']): { [node: number]: Counts } {
  const counts: { [node: number]: { numbers: number; objects: number } } = {}
  for (const { nodeId, size } of samples) {
    counts[nodeId] ??= { numbers: 0, objects: 0 }
    counts[nodeId][size === NUMBER_BYTES ? 'numbers' : 'objects']++
  }
  return counts
}
