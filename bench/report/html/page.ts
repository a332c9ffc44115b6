import type { Report } from '../report.js'

export function pageOf(report: Report): string {
  return `<!doctype html><title>Sluice benchmark</title><pre>${JSON.stringify(report.machine)}</pre>`
}
