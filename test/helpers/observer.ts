import { Router } from '../../src/core/router.js'
import { LoopWatch } from '../../src/observe/main/loop-watch.js'
import { Observer, type ObserverParts } from '../../src/observe/main/observer.js'
import { Sampler } from '../../src/observe/main/sampler.js'
import { MetricList } from '../../src/observe/metrics/definition.js'
import { coreOptions } from './core-options.js'

interface Teardown {
  teardown(run: () => unknown): void
}

/** What the observer of a test has heard. */
export interface Heard {
  readonly topics: string[]
  readonly logs: string[]
}

/** A router with nobody in it, its sampler, and the rest by default: ready to be observed. */
export function observerParts(t: Teardown, heard: Heard, own: Partial<ObserverParts> = {}): ObserverParts {
  const router = new Router(coreOptions(), { now: () => performance.now(), schedule: setImmediate })
  const loop = new LoopWatch()
  t.teardown(() => loop.close())
  const ingressMeters = {
    opened: 0,
    messages: 0,
    closed: new Map(),
    rejected: new Map(),
    refused: new Map(),
    hostile: new Map(),
  }
  const httpMeters = {
    answered: new Map(),
    aborted: 0,
    streams: 0,
    streamsWaiting: 0,
    streamsKeptBytes: 0,
    resumed: 0,
    notResumed: 0,
  }
  return {
    settings: {
      name: 'test',
      software: 'sluice/test',
      digest: '0123456789abcdef',
      admin: { host: '127.0.0.1', port: 0, names: [], isOpen: true },
      classes: [],
      slos: [],
      webhook: '',
      stateFile: '',
    },
    latency: null,
    metrics: new MetricList(),
    answers: {},
    sampler: new Sampler({ router, listeners: [], ingressMeters, httpMeters, tls: null }, loop),
    isOverloaded: () => false,
    onBeat: () => {},
    probe: (onArrival) => router.own.probe(onArrival),
    publish: (topic) => {
      heard.topics.push(topic)
      return true
    },
    log: (_level, sentence) => {
      heard.logs.push(sentence)
    },
    ...own,
  }
}

/** An observer with its thread, stopped at the end of the test. */
export async function observerHere(
  t: Teardown,
  own: Partial<ObserverParts> = {},
): Promise<{ observer: Observer; url: string; heard: Heard }> {
  const heard = { topics: [], logs: [] }
  const observer = new Observer(observerParts(t, heard, own))
  t.teardown(() => observer.stop())
  const url = `http://127.0.0.1:${await observer.start()}`
  return { observer, url, heard }
}
