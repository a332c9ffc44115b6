import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'
import { merged } from './merge.js'
import type { Report } from './report.js'

/** More digits say nothing of what was measured. */
const DIGITS = 6

/** Throws, with the path, when it is no report. */
export function readReport(path: string): Report {
  let report: Report
  try {
    report = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`)
  }
  const { rows, scenarios, units, machine } = report
  if (!Array.isArray(rows) || !Array.isArray(scenarios) || units === undefined || machine === undefined)
    throw new Error(`${path} is no report of this benchmark`)
  return report
}

/** JSON with a line for each element, so that a difference of two reports can be read. */
export function reportText(report: Report): string {
  const members = Object.entries(report).map(([key, value]) => {
    const lines = Array.isArray(value) && value.length > 0
    const text = lines ? `[\n${value.map((each) => json(each)).join(',\n')}\n]` : json(value)
    return `${JSON.stringify(key)}: ${text}`
  })
  return `{\n${members.join(',\n')}\n}\n`
}

/** The same, added to what is there already, with all runs' latencies of a row as one histogram. */
export function milestoneText(report: Report, present: Report | null): string {
  const rows = report.rows.map((row) => ({ ...row, histograms: oneHistogram(row.histograms) }))
  const compact = { ...report, rows }
  return reportText(present === null ? compact : merged(present, compact))
}

/** All of them in one; null when there are none. In ns. */
export function histogramOf(encoded: readonly string[]): Histogram | null {
  const [first, ...others] = encoded.map((each) => decodeFromCompressedBase64(each))
  for (const other of others) first.add(other)
  return first ?? null
}

/** Never half a file: a reader, or a second Ctrl-C, may come at any moment. */
export function writeText(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  const unfinished = `${path}.${process.pid}`
  writeFileSync(unfinished, text)
  renameSync(unfinished, path)
}

function oneHistogram(encoded: readonly string[]): string[] {
  const histogram = encoded.length > 1 ? histogramOf(encoded) : null
  return histogram === null ? [...encoded] : [encodeIntoCompressedBase64(histogram)]
}

function json(value: unknown): string {
  return JSON.stringify(value, (_, each) =>
    typeof each === 'number' && !Number.isInteger(each) ? Number(each.toPrecision(DIGITS)) : each,
  )
}
