import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type Engine, type FuzzOptions, readArguments, USAGE } from './arguments.js'
import { Shelf } from './inputs.js'
import { minimise } from './minimise.js'
import { runJsfuzz } from './run-jsfuzz.js'
import { runWorker } from './run-worker.js'
import { type Job, Schedule } from './schedule.js'
import { Tally } from './tally.js'
import type { WorkerReport } from './worker.js'

/** Bound of the heap of what runs a target. */
const HEAP_MB_MAX = 512

interface Found {
  target: string
  engine: Engine
  path: string
  why: string
}

const { root, names, argv } = JSON.parse(process.env.SLUICE_FUZZ as string) as {
  root: string
  names: string[]
  argv: string[]
}
const folder = join(root, 'build/fuzz')
const bundleOf = (target: string): string => join(folder, 'targets', `${target}.cjs`)
const say = (text: string): void => void process.stdout.write(`${text}\n`)

class Campaign {
  readonly found: Found[] = []
  private readonly tally = new Tally(root)
  /** Of this campaign. */
  private readonly runs = new Map<Engine, number>()
  private readonly underWay = new Map<Job, number>()
  private readonly startMs = performance.now()

  constructor(
    private readonly options: FuzzOptions,
    private readonly targets: readonly string[],
  ) {}

  async run(): Promise<void> {
    const jobsMax = this.options.jobs ?? availableParallelism()
    const { engines, timeMs, seed } = this.options
    const schedule = new Schedule(this.targets, engines, timeMs, jobsMax, seed, this.startMs)
    const line = process.stdout.isTTY ? setInterval(() => this.showProgress(), 500) : undefined
    const one = async (): Promise<void> => {
      for (let jobs = schedule.next(); jobs !== undefined; jobs = schedule.next()) {
        for (const job of jobs) await this.do(job, schedule.timeFor(job, performance.now()))
      }
    }
    await Promise.all(Array.from({ length: jobsMax }, one))
    clearInterval(line)
    if (process.stdout.isTTY) process.stdout.write('\x1b[2K\r')
  }

  private async do(job: Job, timeMs: number): Promise<void> {
    const { target, engine } = job
    this.underWay.set(job, 0)
    const onProgress = (runs: number): void => void this.underWay.set(job, runs)
    const runs = await (engine === 'jsfuzz'
      ? this.doJsfuzz(job, timeMs, onProgress)
      : this.doWorker(job, timeMs, onProgress))
    this.underWay.delete(job)
    this.runs.set(engine, (this.runs.get(engine) ?? 0) + runs)
    this.tally.addRuns(target, engine, runs)
    this.tally.save()
    if (!process.stdout.isTTY)
      say(`${target} ${engine}: ${runs.toLocaleString('en')} runs in ${(timeMs / 1000).toFixed(1)} s`)
  }

  private async doJsfuzz({ target }: Job, timeMs: number, onProgress: (runs: number) => void): Promise<number> {
    const shelf = new Shelf(root, target)
    const { runs, news, finding } = await runJsfuzz(
      {
        root,
        target,
        bundle: bundleOf(target),
        preload: join(folder, 'preload.cjs'),
        inputs: shelf.all(),
        timeMs,
        heapMbMax: HEAP_MB_MAX,
      },
      onProgress,
    )
    for (const input of news) shelf.keep(input)
    if (finding !== null) this.note(shelf, 'jsfuzz', finding.input, finding.why)
    return runs
  }

  private doWorker({ target, engine }: Job, timeMs: number, onProgress: (runs: number) => void): Promise<number> {
    const { seed, bytesMax, runsMax, hangMs } = this.options
    const shelf = new Shelf(root, target)
    const onReport = (report: WorkerReport): void => {
      if (report.kind === 'news') shelf.keep(report.input)
      else if (report.kind === 'finding') this.note(shelf, engine, report.input, report.why)
      else if (report.kind === 'slowest') this.tally.noteSlowest(target, report.ms, report.input)
      else if (report.reached !== null) this.tally.noteReached(target, report.reached)
    }
    return runWorker(
      {
        bundle: bundleOf(target),
        root,
        isGuided: engine === 'guided',
        seed,
        inputs: shelf.all().filter(({ length }) => length <= bytesMax),
        bytesMax,
        until: Date.now() + timeMs,
        runsMax,
      },
      { workerPath: join(folder, 'worker.mjs'), hangMs, heapMbMax: HEAP_MB_MAX, onReport, onProgress },
    )
  }

  private note(shelf: Shelf, engine: Engine, input: Uint8Array, why: string): void {
    const path = shelf.writeFound(input, why)
    this.found.push({ target: shelf.target, engine, path, why })
    if (process.stdout.isTTY) process.stdout.write('\x1b[2K\r')
    say(`FOUND ${shelf.target} (${engine}): ${why.split('\n')[0].slice(0, 300)}\n  ${path}`)
  }

  private showProgress(): void {
    const seconds = Math.round((performance.now() - this.startMs) / 1000)
    const now = [...this.underWay].map(
      ([{ target, engine }, runs]) => `${target} ${engine} ${runs.toLocaleString('en')}`,
    )
    process.stdout.write(`\x1b[2K\r${seconds} s  ${now.join(', ')}  findings: ${this.found.length}`)
  }

  report(): void {
    const seconds = ((performance.now() - this.startMs) / 1000).toFixed(0)
    const all = [...this.runs].map(([engine, runs]) => `${runs.toLocaleString('en')} by ${engine}`)
    say(`\n${this.targets.length} targets in ${seconds} s, seed ${this.options.seed}: ${all.join(', ')}`)
    for (const { target, engine, path, why } of this.found) say(`\nFOUND ${target} (${engine}), ${path}\n${why}`)
    say(`${this.found.length} findings`)
  }
}

async function main(): Promise<number> {
  const options = readArguments(argv)
  if (options === null) {
    say(USAGE)
    return 0
  }
  const unknown = typeof options === 'string' ? null : options.targets?.find((name) => !names.includes(name))
  if (typeof options === 'string' || unknown) {
    process.stderr.write(`fuzz: ${typeof options === 'string' ? options : `there is no target ${unknown}`}\n\n${USAGE}`)
    return 2
  }
  if (options.isListing) {
    for (const name of names) say(name)
    return 0
  }
  const targets = options.targets ?? names
  const campaign = new Campaign(options, targets)
  await campaign.run()
  if (options.isMinimising) {
    for (const target of targets) {
      const shelf = new Shelf(root, target)
      const least = minimise(bundleOf(target), root, shelf.all())
      shelf.writeCorpus(least)
      say(`${target}: ${least.length} inputs kept`)
    }
  }
  campaign.report()
  return campaign.found.length === 0 ? 0 : 1
}

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(status))
}

process.exitCode = await main()
