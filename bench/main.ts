import { writeFileSync } from 'node:fs'
import { machine } from './machine.js'
import { measure, stepsOf } from './measure.js'
import { type CoreNoise, measureNoise } from './noise.js'
import { HELP, type Options, parseOptions } from './options.js'
import { endChildrenOnExit, pinning } from './pinned.js'
import type { Verdict } from './report/floors.js'
import { Progress } from './report/progress.js'
import { quantity } from './report/quantity.js'
import type { Row } from './report/row.js'
import { scenarioText } from './report/table.js'
import { isOurs, SUBJECTS } from './subjects/index.js'
import type { OurName, Subject } from './subjects/subject.js'

/** 0 all measured; 1 something failed, or our daemon lost, doubled or reordered events; 2 wrong arguments. A missed floor is no failure. */
process.exitCode = await main(process.argv.slice(2))

async function main(argv: readonly string[]): Promise<number> {
  let options: Options | null
  try {
    options = parseOptions(argv)
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`)
    return 2
  }
  if (options === null) {
    console.log(HELP)
    return 0
  }

  endChildrenOnExit()
  const where = machine()
  const pins = pinning(options.subjectCore, options.generatorCore)
  console.log(`${where.processor}, ${where.cores} cores, Linux ${where.kernel}, Node ${where.node}, ${where.commit}`)
  if (pins.problem === null)
    console.log(`daemon and peers on core ${pins.subjectCore}, generators on core ${pins.generatorCore}`)
  else console.log(`NOT PINNED, so the figures are not comparable: ${pins.problem}`)
  console.log(`median of ${options.runs} runs of ${options.measureMs} ms after ${options.warmupMs} ms of warm-up`)

  const { present, described } = takeStock(options)
  const steps = options.scenarios.reduce((sum, scenario) => sum + stepsOf(scenario, present, options.runs), 0)
  const progress = new Progress(steps)
  const measured: Measured = { rows: [], verdicts: [], noise: [] }
  for (const scenario of options.scenarios) {
    const noise = await measureNoise(pins)
    const rows = await measure(scenario, present, options, pins, progress)
    const verdicts = scenario.floors.map((floor) => floor.check(rows))
    progress.clear()
    console.log(scenarioText(scenario, rows, verdicts))
    console.log(`  noise of the machine just before: ${noise.map(noiseText).join('; ')}`)
    measured.noise.push({ scenario: scenario.name, cores: noise })
    measured.rows.push(...rows)
    measured.verdicts.push(...verdicts.map((verdict) => ({ scenario: scenario.name, ...verdict })))
  }

  if (options.json !== null) {
    const { runs, warmupMs, measureMs } = options
    const settings = { runs, warmupMs, measureMs }
    const at = new Date().toISOString()
    const scenarios = options.scenarios.map(({ name, title, need }) => ({ name, title, need }))
    const report = { at, scenarios, machine: where, pinning: pins, settings, subjects: described, ...measured }
    writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
  }
  const ours = measured.rows.filter((row) => isOurs(row.subject))
  const sound = ours.every((row) => row.errors.length === 0 && row.lost + row.doubled + row.reordered === 0)
  return sound ? 0 : 1
}

interface Measured {
  rows: Row[]
  verdicts: (Verdict & { scenario: string })[]
  noise: { scenario: string; cores: CoreNoise[] }[]
}

function noiseText({ core, p99Us, p999Us }: CoreNoise): string {
  return `core ${core} p99 ${quantity(p99Us, 'µs')}, p99.9 ${quantity(p999Us, 'µs')}`
}

interface Described {
  name: string
  settings: string
  version?: string
  absent?: string
}

/** Finds out who can take part, and says in a sentence who cannot. */
function takeStock(options: Options): { present: Subject[]; described: Described[] } {
  const present: Subject[] = []
  const described: Described[] = []
  const ours = new Set<OurName>(options.scenarios.flatMap((scenario) => scenario.ours))
  const wanted = options.peers.filter((name) => options.scenarios.some(({ peers }) => peers.includes(name)))
  for (const name of [...ours, ...wanted]) {
    const subject = SUBJECTS[name]
    const probed = subject.probe()
    described.push({ name, settings: subject.settings, ...probed })
    if ('absent' in probed) {
      console.log(`${subject.label} is skipped: ${probed.absent}`)
      continue
    }
    present.push(subject)
    console.log(`${subject.label}: ${probed.version}; ${subject.settings}`)
  }
  return { present, described }
}
