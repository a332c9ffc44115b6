import type { Report } from './report.js'
import type { Figure, Row } from './row.js'

/** Where the name in the sources is not what a reader calls it. */
const HEADERS: { readonly [figure: string]: string | undefined } = {
  rate: 'deliveries',
  cpuEach: 'cpu each',
  perCore: 'client, per core',
  clientCpuEach: 'client cpu each',
  bytesEach: 'memory each',
}

/** Median of all runs of what one row has by that name; null where it has none. */
export function figureOf(row: Row, figure: string): number | null {
  return figuresOf(row)[figure]?.median ?? null
}

/** By names that may be older or newer than the sources. What is no number, such as the cost of one of none, is left out. */
export function figuresOf(row: Row): { readonly [figure: string]: Figure | undefined } {
  const finite = Object.entries(row.figures).flatMap(([name, { median, runs }]): [string, Figure][] =>
    Number.isFinite(median) ? [[name, { median, runs: runs.filter(Number.isFinite) }]] : [],
  )
  return Object.fromEntries(finite)
}

export function headerOf(figure: string): string {
  return HEADERS[figure] ?? figure
}

/** Figures that any of the rows has, in the order of tables. */
export function figureNames(rows: readonly Row[], units: Report['units']): string[] {
  const present = new Set(rows.flatMap((row) => Object.keys(figuresOf(row))))
  return [...Object.keys(units).filter((name) => present.delete(name)), ...present]
}

/** The generator is not shown to have been out of the way: what was reached, or seen, is not the subject's alone. */
export function isVoid(row: Row): boolean {
  return row.generatorBound || row.isVoid === true
}

/** A percentile of a latency: `p99`, `last p99.9`. How late the generator was is none of the subject. */
export function isLatency(figure: string, units: Report['units']): boolean {
  return /\bp\d/.test(figure) && !figure.startsWith('send late') && units[figure] === 'µs'
}

/** Of units whose figures can be more or less of something good; null where neither is better. */
export function isHigherBetter(unit: string | undefined): boolean | null {
  if (unit?.endsWith('/s')) return true
  return unit === 'µs' || unit === 'B' ? false : null
}

/** What a scenario is about: what it says itself, or the tail where all rows are latencies, else the first figure of the rows. */
export function headline(rows: readonly Row[], units: Report['units'], said?: string): string | null {
  const names = figureNames(rows, units)
  if (said !== undefined && names.includes(said)) return said
  const tail = names.find((name) => name === 'p99') ?? names.find((name) => isLatency(name, units))
  if (tail !== undefined && rows.every((row) => figureOf(row, tail) !== null)) return tail
  return names[0] ?? null
}

/** How many times better the first figure is than the second; null where that cannot be said. */
export function timesBetter(ours: number | null, theirs: number | null, unit: string | undefined): number | null {
  const higher = isHigherBetter(unit)
  if (ours === null || theirs === null || higher === null || ours <= 0 || theirs <= 0) return null
  return higher ? ours / theirs : theirs / ours
}
