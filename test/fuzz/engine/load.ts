import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { compileFunction } from 'node:vm'
import type { Target } from '../target.js'

/** How often something ran, as bits: once, twice, three times, 4–7, 8–15, 16–31, 32–127, more. */
const BUCKETS = new Uint8Array(256)
for (let count = 1; count < 256; count++) {
  const steps = [1, 2, 3, 4, 8, 16, 32, 128]
  BUCKETS[count] = 1 << (steps.findLastIndex((step) => count >= step) as number)
}

interface FileCoverage {
  path: string
  s: Record<string, number>
  f: Record<string, number>
  b: Record<string, number[]>
}

interface Instrumenter {
  createInstrumenter(options: object): {
    instrumentSync(code: string, path: string): string
    lastFileCoverage(): FileCoverage
  }
}

/** Which statements, functions and branches of a target's bundle the last run went through, as jsfuzz counts them. */
export class Coverage {
  /** Whether anything ran, or ran more often, that never did before. */
  private readonly seen: Uint8Array

  constructor(private readonly counters: Uint8Array) {
    this.seen = new Uint8Array(counters.length)
  }

  /**
   * Takes the counts of a run, and begins anew.
   * @param byCount whether it is also news when something ran more often than ever
   */
  hasNews(byCount: boolean): boolean {
    const { counters, seen } = this
    let isNew = false
    for (let i = 0; i < counters.length; i++) {
      const count = counters[i]
      if (count === 0) continue
      counters[i] = 0
      const bucket = byCount ? BUCKETS[count] : 1
      if ((seen[i] & bucket) !== 0) continue
      seen[i] |= bucket
      isNew = true
    }
    return isNew
  }

  /** How many of all were ever run. */
  get reached(): { of: number; count: number } {
    return { of: this.seen.length, count: this.seen.reduce((sum, bits) => sum + (bits === 0 ? 0 : 1), 0) }
  }
}

/** The target in a bundle, as it is. */
export function loadTarget(bundle: string): Target {
  return createRequire(bundle)(bundle) as Target
}

/** The target in a bundle, instrumented by what jsfuzz instruments with. Its counters are bytes that lie together, so that it costs little to look at them. */
export function loadInstrumented(bundle: string, root: string): { target: Target; coverage: Coverage } {
  const require = createRequire(bundle)
  const ofJsfuzz = createRequire(createRequire(`${root}/package.json`).resolve('jsfuzz'))
  const { createInstrumenter } = ofJsfuzz('istanbul-lib-instrument') as Instrumenter
  const instrumenter = createInstrumenter({ compact: true })
  const code = instrumenter.instrumentSync(readFileSync(bundle, 'utf8'), bundle)
  const counters = placeCounters(instrumenter.lastFileCoverage(), code)
  const module = { exports: {} }
  const names = ['exports', 'require', 'module', '__filename']
  compileFunction(code, names, { filename: bundle })(module.exports, require, module, bundle)
  const coverage = new Coverage(counters)
  coverage.hasNews(true)
  return { target: module.exports as Target, coverage }
}

/** The instrumented code takes the counters of its path that are there already, if their hash is its own. */
function placeCounters({ path, s, f, b }: FileCoverage, code: string): Uint8Array {
  const hash = /\bhash\s*=\s*["']([0-9a-f]+)["']/.exec(code)?.[1]
  if (hash === undefined) throw new Error('the instrumenter writes other code than it did')
  const branches = Object.values(b)
  const statements = Object.keys(s).length
  const functions = Object.keys(f).length
  const counters = new Uint8Array(statements + functions + branches.reduce((sum, { length }) => sum + length, 0))
  let at = statements + functions
  const branchCounters = branches.map(({ length }) => {
    at += length
    return counters.subarray(at - length, at)
  })
  const globals = globalThis as unknown as { __coverage__: Record<string, unknown> }
  globals.__coverage__ = {
    [path]: {
      hash,
      s: counters.subarray(0, statements),
      f: counters.subarray(statements, statements + functions),
      b: branchCounters,
    },
  }
  return counters
}
