import type { LatencyCounts } from '../../src/core/latency.js'
import type { TopicClass } from '../../src/observe/settings.js'
import type { ThreadContext } from '../../src/observe/thread/part.js'

/** What a part of the observer thread can reach, without a thread: a clock that is moved by hand, and nobody to ask. */
export function threadContext(given: {
  latency: LatencyCounts
  classes?: readonly TopicClass[]
}): ThreadContext & { advance(ms: number): void } {
  let nowMs = 1_000_000
  return {
    settings: {
      name: 'test',
      software: 'sluice/test',
      digest: '0123456789abcdef',
      admin: null,
      classes: given.classes ?? [],
      slos: [],
      webhook: '',
      stateFile: '',
    },
    latency: given.latency,
    listeners: [],
    now: () => nowMs,
    publish: () => {},
    ask: () => Promise.reject(new Error('nobody is there to ask')),
    log: () => {},
    advance(ms) {
      nowMs += ms
    },
  }
}
