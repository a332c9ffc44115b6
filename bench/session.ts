import { machine } from './machine.js'
import { measure, stepsOf } from './measure.js'
import { type CoreNoise, measureNoise } from './noise.js'
import type { Options } from './options.js'
import { type Pinning, pinning } from './pinned.js'
import { Progress } from './report/progress.js'
import { quantity } from './report/quantity.js'
import type { Report, ReportedSubject } from './report/report.js'
import { selfNoiseIn, selfNoiseText } from './report/self-noise.js'
import { scenarioText } from './report/table.js'
import { FIGURE_UNITS, type Scenario } from './scenarios/scenario.js'
import { isOurs, SUBJECTS } from './subjects/index.js'
import type { OurName, Subject, SubjectName } from './subjects/subject.js'
import { timingOf } from './timing.js'

/** Copies bytes, and knows nothing of events. */
const LIMIT: SubjectName = 'forwarder'

/** Measures what was asked for, a scenario after the other, and says on stdout what came of each. */
export class Session {
  readonly report: Report
  private readonly pins: Pinning
  private readonly present: readonly Subject[]

  constructor(private readonly options: Options) {
    this.pins = pinning(options.subjectCore, options.generatorCore)
    const { present, described } = takeStock(options)
    this.present = present
    this.report = {
      at: new Date().toISOString(),
      machine: machine(),
      pinning: this.pins,
      isCut: false,
      subjects: described,
      units: { ...FIGURE_UNITS },
      scenarios: [],
      rows: [],
      verdicts: [],
      noise: [],
      aa: [],
    }
  }

  /**
   * @param cut when it aborts, what was measured until then is the report
   * @param onScenario called when another scenario is in the report
   */
  async run(cut: AbortSignal, onScenario: () => void): Promise<void> {
    sayWhere(this.report)
    const { scenarios, timing } = this.options
    const steps = scenarios.flatMap((scenario) => stepsOf(scenario, this.present, timingOf(scenario, timing)))
    const progress = new Progress(steps)
    for (const scenario of scenarios) {
      await this.measure(scenario, progress, cut)
      this.report.isCut = cut.aborted
      onScenario()
      if (cut.aborted) return
    }
  }

  private async measure(scenario: Scenario, progress: Progress, cut: AbortSignal): Promise<void> {
    const { report } = this
    const timing = timingOf(scenario, this.options.timing)
    const at = new Date().toISOString()
    const noise = await measureNoise(this.pins).catch((error) => {
      if (cut.aborted) return []
      throw error
    })
    const rows = await measure(scenario, this.present, timing, this.pins, progress, cut)
    progress.clear()
    if (rows.length === 0) return
    const verdicts = scenario.floors.map((floor) => floor.check(rows))
    console.log(scenarioText(scenario, rows, verdicts))
    const { runs, measureMs, warmupMs } = timing
    console.log(`  median of ${runs} ${runs === 1 ? 'run' : 'runs'} of ${measureMs} ms after ${warmupMs} ms of warm-up`)
    console.log(`  noise of the machine just before: ${noise.map(noiseText).join('; ')}`)
    const { name, title, group, axis, headline } = scenario
    const need = Object.fromEntries(Object.entries(scenario.need).filter(([, value]) => value > 0))
    const ours = { ...(axis !== undefined && { axis }), ...(headline !== undefined && { headline }) }
    const described = { name, title, group, ...ours, need, timing, at }
    report.scenarios.push({ ...described, commit: report.machine.commit })
    report.noise.push({ scenario: name, cores: noise })
    const selfNoise = selfNoiseIn(name, rows)
    for (const one of selfNoise) console.log(`  ${selfNoiseText(one)}`)
    report.aa.push(...selfNoise)
    report.rows.push(...rows)
    report.verdicts.push(...verdicts.map((verdict) => ({ scenario: name, ...verdict })))
  }
}

function sayWhere({ machine, pinning, subjects }: Report): void {
  const { processor, cores, kernel, node, commit } = machine
  console.log(`${processor}, ${cores} cores, Linux ${kernel}, Node ${node}, ${commit}`)
  if (pinning.problem === null)
    console.log(`daemon and peers on core ${pinning.subjectCore}, generators on core ${pinning.generatorCore}`)
  else console.log(`NOT PINNED, so the figures are not comparable: ${pinning.problem}`)
  for (const { label, settings, version, absent } of subjects)
    console.log(absent === undefined ? `${label}: ${version}; ${settings}` : `${label} is skipped: ${absent}`)
}

function noiseText({ core, p99Us, p999Us }: CoreNoise): string {
  return `core ${core} p99 ${quantity(p99Us, 'µs')}, p99.9 ${quantity(p999Us, 'µs')}`
}

/** Finds out who can take part, and who cannot and why. */
function takeStock({ scenarios, peers }: Options): { present: Subject[]; described: ReportedSubject[] } {
  const present: Subject[] = []
  const described: ReportedSubject[] = []
  const ours = new Set<OurName>(scenarios.flatMap((scenario) => scenario.ours))
  const wanted = peers.filter((name) => scenarios.some((scenario) => scenario.peers.includes(name)))
  for (const name of [...ours, ...wanted]) {
    const subject = SUBJECTS[name]
    const probed = subject.probe()
    const { label, settings } = subject
    const limit = name === LIMIT ? { isLimit: true } : {}
    described.push({ name, label, isOurs: isOurs(name), ...limit, settings, ...probed })
    if (!('absent' in probed)) present.push(subject)
  }
  return { present, described }
}
