import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { RequestsJob } from './job.js'
import { LoadMeter } from './load.js'
import { urlOf, type Volley } from './requests.js'

/** The first requests tell how many fill the warm-up; those tell how many fill the measured time. */
const FIRST_REQUESTS = 2000

export interface H2loadReport {
  requestsPerSecond: number
  sent: number
  accepted: number
  refused: number
}

/** Runs h2load (nghttp2) with a number of requests, not for a time, as it waits for all answers then. */
export async function runH2load(job: RequestsJob): Promise<Volley> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const bodyFile = join(folder, 'body')
  writeFileSync(bodyFile, job.requests.body)
  const total = { sent: 0, accepted: 0, refused: 0 }
  const fire = async (requests: number): Promise<H2loadReport> => {
    const report = await h2load(job, bodyFile, requests)
    for (const key of ['sent', 'accepted', 'refused'] as const) total[key] += report[key]
    return report
  }
  try {
    const first = await fire(FIRST_REQUESTS)
    const warm = await fire(Math.ceil((first.requestsPerSecond * job.warmupMs) / 1000))
    const meter = new LoadMeter(job.target.pid, job.cores)
    const measured = await fire(Math.ceil((warm.requestsPerSecond * job.measureMs) / 1000))
    return { ...total, requestsPerSecond: measured.requestsPerSecond, load: meter.until() }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function h2load(job: RequestsJob, bodyFile: string, requests: number): Promise<H2loadReport> {
  const { connections, concurrency } = job.requests
  // At least one request for each place, or it refuses.
  const count = Math.max(requests, connections * concurrency)
  const args = ['-n', count, '-c', connections, '-m', concurrency, '-d', bodyFile].map(String)
  args.push('-H', 'content-type: application/json', urlOf(job.target, job.requests))
  const { stdout } = await promisify(execFile)('h2load', args)
  return parseH2load(stdout)
}

/** @throws Error when the output is not that of a run whose requests were all answered */
export function parseH2load(output: string): H2loadReport {
  const rate = /^finished in [^,]+, ([\d.]+) req\/s/m.exec(output)
  const counts = /^requests: (\d+) total, (\d+) started, (\d+) done, .*?(\d+) errored, (\d+) timeout/m.exec(output)
  const accepted = /^status codes: (\d+) 2xx/m.exec(output)
  if (rate === null || counts === null || accepted === null) throw new Error(`h2load said: ${output}`)
  const [total, , done, errored, timedOut] = counts.slice(1).map(Number)
  if (errored > 0 || timedOut > 0 || done !== total) {
    throw new Error(`h2load: of ${total} requests ${done} were answered, ${errored} errors, ${timedOut} timeouts`)
  }
  const answered = Number(accepted[1])
  return { requestsPerSecond: Number(rate[1]), sent: total, accepted: answered, refused: done - answered }
}
