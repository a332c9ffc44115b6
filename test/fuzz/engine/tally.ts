import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Engine } from './arguments.js'
import { encodeInput } from './inputs.js'

interface Slowest {
  ms: number
  bytes: number
  input: string
}

interface TargetTally {
  runs: Partial<Record<Engine, number>>
  reached?: { count: number; of: number }
  slowest?: Slowest
}

/** How often each target ran, by engine, and what took longest, over all runs on this machine: build/fuzz/tally.json. */
export class Tally {
  readonly targets: { [name: string]: TargetTally }
  private readonly path: string

  constructor(root: string) {
    this.path = join(root, 'build/fuzz/tally.json')
    this.targets = existsSync(this.path) ? JSON.parse(readFileSync(this.path, 'utf8')) : {}
  }

  private of(name: string): TargetTally {
    this.targets[name] ??= { runs: {} }
    return this.targets[name]
  }

  addRuns(name: string, engine: Engine, runs: number): void {
    const { runs: before } = this.of(name)
    before[engine] = (before[engine] ?? 0) + runs
  }

  noteReached(name: string, reached: { count: number; of: number }): void {
    this.of(name).reached = reached
  }

  noteSlowest(name: string, ms: number, input: Uint8Array): void {
    const target = this.of(name)
    if (target.slowest !== undefined && target.slowest.ms >= ms) return
    target.slowest = { ms, bytes: input.length, input: encodeInput(input) }
  }

  save(): void {
    mkdirSync(dirname(this.path), { recursive: true })
    writeFileSync(this.path, `${JSON.stringify(this.targets, null, 1)}\n`)
  }
}
