import { parentPort, workerData } from 'node:worker_threads'
import type { Target } from '../target.js'
import { type Coverage, loadInstrumented, loadTarget } from './load.js'
import { Mutator } from './mutator.js'
import { SharedState } from './shared-state.js'
import { shrink } from './shrink.js'

/** What a worker is to do. */
export interface WorkerTask {
  bundle: string
  root: string
  /** Whether coverage guides it: inputs that reach new code become parents of others. */
  isGuided: boolean
  seed: number
  inputs: readonly Uint8Array[]
  bytesMax: number
  /** Milliseconds since 1970. To start counts too. */
  until: number
  runsMax: number
  shared: SharedArrayBuffer
}

/** What it tells. */
export type WorkerReport =
  | { kind: 'news'; input: Uint8Array }
  | { kind: 'finding'; input: Uint8Array; why: string }
  | { kind: 'slowest'; input: Uint8Array; ms: number }
  | { kind: 'done'; reached: { count: number; of: number } | null }

/** Between two looks at the clock. */
const CLOCK_RUNS = 16
/** Different findings after which a target is left alone: one fault shows itself in many ways. */
const FINDINGS_MAX = 20
/** A slow run is repeated so often: the quickest of them is what the input costs, the others had something beside them. */
const REPEATS = 5

// What throws on the way, and is caught, need not say more than where.
Error.stackTraceLimit = 6

const task = workerData as WorkerTask
const tell = (report: WorkerReport): void => parentPort?.postMessage(report)

class Fuzzing {
  private readonly state = new SharedState(task.shared)
  private readonly target: Target
  private readonly coverage: Coverage | null
  private readonly parents: Uint8Array[]
  private readonly mutator: Mutator
  private readonly findings = new Set<string>()
  private readonly prototypeKeys = prototypeKeys()
  private slowestMs = 0
  private slowest: Buffer | null = null

  constructor() {
    if (task.isGuided) {
      const { target, coverage } = loadInstrumented(task.bundle, task.root)
      this.target = target
      this.coverage = coverage
    } else {
      this.target = loadTarget(task.bundle)
      this.coverage = null
    }
    this.parents = task.inputs.length === 0 ? [Buffer.alloc(0)] : task.inputs.map((input) => Buffer.from(input))
    this.mutator = new Mutator(task.seed, this.target.words, task.bytesMax)
  }

  run(): void {
    for (const input of [...this.parents]) this.one(Buffer.from(input))
    while (this.findings.size < FINDINGS_MAX && this.state.runs < task.runsMax && Date.now() < task.until) {
      for (let i = 0; i < CLOCK_RUNS; i++) {
        this.mutator.mutate(this.parents)
        this.one(this.mutator.bytes.subarray(0, this.mutator.length))
      }
      if (prototypeKeys() !== this.prototypeKeys) {
        this.found(this.mutator.bytes.subarray(0, this.mutator.length), 'the prototype of all objects was changed')
        break
      }
    }
    if (this.slowest !== null) tell({ kind: 'slowest', input: this.slowest, ms: this.slowestMs })
    tell({ kind: 'done', reached: this.coverage?.reached ?? null })
  }

  private one(input: Buffer): void {
    this.state.begin(input)
    const startMs = performance.now()
    const why = this.failure(input)
    if (why !== null) this.found(input, why)
    if (performance.now() - startMs > this.slowestMs) this.time(input)
    this.state.end()
    if (this.coverage?.hasNews(true)) {
      const copy = Buffer.from(input)
      this.parents.push(copy)
      tell({ kind: 'news', input: copy })
    }
  }

  /** What instrumented code takes says nothing. */
  private time(input: Buffer): void {
    if (this.coverage !== null) return
    let best = Number.POSITIVE_INFINITY
    for (let i = 0; i < REPEATS; i++) {
      const startMs = performance.now()
      this.target.handle(input)
      best = Math.min(best, performance.now() - startMs)
      if (best <= this.slowestMs) return
    }
    this.slowestMs = best
    this.slowest = Buffer.from(input)
  }

  /** One fault is told once, with the shortest input that shows it. */
  private found(input: Buffer, why: string): void {
    const key = keyOf(why)
    if (this.findings.has(key)) return
    this.findings.add(key)
    const shortest = shrink(input, (shorter) => {
      const whyToo = this.failure(shorter)
      return whyToo !== null && keyOf(whyToo) === key
    })
    tell({ kind: 'finding', input: shortest, why: this.failure(shortest) ?? why })
  }

  private failure(input: Buffer): string | null {
    try {
      this.target.fuzz(input)
      return null
    } catch (error) {
      return whyOf(error)
    }
  }
}

/** What makes a fault another one: its place, and but for the values in it, its message. */
function keyOf(why: string): string {
  const [message, ...frames] = why.split('\n')
  return `${message.split(':').slice(0, 2).join(':')} ${frames.slice(0, 4).join(' ')}`
}

/** With the way to it through the target, not the one to the target. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const lines = (error.stack ?? error.message).split('\n')
  const end = lines.findIndex((line) => /^ +at .*\bfuzz\b/.test(line))
  return lines.slice(0, end < 0 ? undefined : end + 1).join('\n')
}

function prototypeKeys(): number {
  return Reflect.ownKeys(Object.prototype).length + Reflect.ownKeys(Array.prototype).length
}

new Fuzzing().run()
