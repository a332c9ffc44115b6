import { readFileSync, writeFileSync } from 'node:fs'
import type { Figure, ToleranceName } from './figure.js'

/** bench/guard/baseline.json, beside the sources. */
export const BASELINE_FILE = new URL('../../../bench/guard/baseline.json', import.meta.url)

/** A figure holds while it is at most `times` the baseline's and `plus`. */
export interface Tolerance {
  readonly times: number
  readonly plus: number
  readonly because: string
}

export interface Baseline {
  readonly tolerances: { readonly [name in ToleranceName]: Tolerance }
  /** By major version of Node, whose own functions are part of what is measured: value by name of figure. */
  readonly nodes: { readonly [major: string]: Figures }
}
export type Figures = { readonly [figure: string]: number }

export type Verdict =
  | { readonly holds: true; readonly figure: Figure; readonly baseline: number; readonly isMuchLess: boolean }
  | { readonly holds: false; readonly figure: Figure; readonly why: string }

/** What has become so much less should be the new baseline: until then it may grow back unseen. */
const MUCH_LESS = 0.5

/** Compares what was measured with what it was. */
export function judge(figures: readonly Figure[], baseline: Baseline, node: string): Verdict[] {
  const known = baseline.nodes[node]
  if (known === undefined) throw new Error(`the baseline has nothing for Node ${node}: npm run guard -- --update`)
  return figures.map((figure) => judgeOne(figure, known[figure.name], baseline.tolerances[figure.tolerance]))
}

function judgeOne(figure: Figure, was: number | undefined, { times, plus }: Tolerance): Verdict {
  const { value, unit, most } = figure
  if (was === undefined) {
    return { holds: false, figure, why: 'the baseline does not know it: npm run guard -- --update' }
  }
  if (most !== undefined && value > most) {
    return { holds: false, figure, why: `${round(value)} ${unit}; it must never be more than ${most}` }
  }
  const limit = was * times + plus
  if (!(value <= limit)) {
    const factor = was === 0 ? '' : `, ${(value / was).toFixed(2)} times as much`
    return {
      holds: false,
      figure,
      why: `${round(value)} ${unit}, and was ${round(was)}${factor}; up to ${round(limit)} is let pass`,
    }
  }
  return { holds: true, figure, baseline: was, isMuchLess: value + plus < was * MUCH_LESS }
}

/** The baseline with these figures for a version of Node; figures that were not measured this time stay. */
export function updated(baseline: Baseline, figures: readonly Figure[], node: string): Baseline {
  const values = { ...baseline.nodes[node] }
  for (const { name, value } of figures) values[name] = round(value)
  return { ...baseline, nodes: { ...baseline.nodes, [node]: values } }
}

export function readBaseline(): Baseline {
  return JSON.parse(readFileSync(BASELINE_FILE, 'utf8'))
}

export function writeBaseline(baseline: Baseline): void {
  writeFileSync(BASELINE_FILE, `${JSON.stringify(baseline, null, 2)}\n`)
}

/** Three decimals are more than any figure is certain to. */
export function round(value: number): number {
  return Number(value.toFixed(3))
}
