import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { milestonePath, outputPaths } from './report/paths.js'
import { SCENARIOS } from './scenarios/index.js'
import { GROUPS, type Scenario } from './scenarios/scenario.js'
import { SOAK_MINUTES, SOAK_MINUTES_QUICK, withSoakOf } from './scenarios/soak.js'
import { PEERS } from './subjects/index.js'
import type { PeerName } from './subjects/subject.js'
import { FULL, QUICK, type TimingWish } from './timing.js'

export interface Options {
  /** What is to be done: measure, list what there is, or draw what was measured before. */
  task: 'measure' | 'list' | 'draw'
  scenarios: readonly Scenario[]
  peers: readonly PeerName[]
  timing: TimingWish
  /** Reports measured before, which are put together and drawn; empty: one is measured. */
  from: readonly string[]
  json: string
  html: string
  /** Path of the milestone that is to be written as well. */
  milestone: string | null
  subjectCore: number
  generatorCore: number
}

/** Beside these the quick selection takes two minutes. */
const QUICK_PEERS: readonly PeerName[] = ['nats', 'nats-websocket', 'redis']

export const HELP = `Usage: npm run bench -- [scenario or group …] [options]

Measures the daemon of this checkout, pinned to one core, beside its peers when they are installed.
Generators run on another core, check every delivery for loss, doubling and order, and say when they were the bottleneck.
Ends with a table, a report for the browser and the same as JSON. Ctrl-C ends it, and keeps what was measured.

  --quick            ${QUICK.runs} runs of ${QUICK.measureMs} ms; when nothing is named a selection that takes about two minutes
  --scenario A,B     the same as naming them (default: all)
  --peers none|all|A,B  what to measure beside the daemon (default: all that are installed): ${PEERS.join(', ')}
  --list             the scenarios and groups, and what each is
  --runs N           runs of each case, of which the median is shown (default: ${FULL.runs})
  --measure-ms N     measured time of a run (default: ${FULL.measureMs}, or the scenario's own)
  --soak-minutes N   how long the soak is (default: ${SOAK_MINUTES}, or ${SOAK_MINUTES_QUICK} with --quick)
  --warmup-ms N      time before it, with the same load (default: ${FULL.warmupMs})
  --cores A,B        core of the daemon and its peers, core of the generators (default: 0,1)
  --html FILE        the report as one page that needs no network (default: build/bench-report/<time>.html)
  --json FILE        all that was measured (default: build/bench-report/<time>.json)
  --milestone NAME   also writes bench/results/<date>-<name>.json, which docs/performance.md is made of (npm run bench:page);
                     when it is there already, only the scenarios that are measured now are replaced in it
  --from A,B         measures nothing: puts together and draws reports that --json wrote
  --help

Groups: ${GROUPS.filter((group) => SCENARIOS.some((scenario) => scenario.group === group)).join(', ')}

Examples:
  npm run bench -- --quick
  npm run bench -- bus --peers nats
  npm run bench -- --scenario one-to-one-64,latency-100k --html result.html
`

/** @returns the options, null for a request for help. Throws with what is wrong. */
export function parseOptions(argv: readonly string[], now = new Date()): Options | null {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      scenario: { type: 'string' },
      peers: { type: 'string' },
      list: { type: 'boolean' },
      runs: { type: 'string' },
      'measure-ms': { type: 'string' },
      'warmup-ms': { type: 'string' },
      'soak-minutes': { type: 'string' },
      quick: { type: 'boolean' },
      cores: { type: 'string' },
      html: { type: 'string' },
      json: { type: 'string' },
      milestone: { type: 'string' },
      from: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return null
  const isQuick = values.quick === true
  const names = [...positionals, ...(values.scenario?.split(',') ?? [])]
  const from = values.from?.split(',') ?? []
  const missing = from.find((path) => !existsSync(path))
  if (missing !== undefined) throw new Error(`--from: there is no file ${missing}`)
  const cores = (values.cores ?? '0,1').split(',').map((core) => count('--cores', core, 0))
  if (cores.length !== 2) throw new Error('--cores wants two numbers, such as 0,1')
  const isSelection = isQuick && names.length === 0
  const peers = values.peers === undefined && isSelection ? QUICK_PEERS : peersNamed(values.peers)
  const paths = outputPaths(now)
  const soakMinutes = wish('--soak-minutes', values['soak-minutes'], 1) ?? (isQuick ? SOAK_MINUTES_QUICK : SOAK_MINUTES)
  const scenarios = isSelection ? quickScenarios() : scenariosNamed(names)
  return {
    task: values.list === true ? 'list' : from.length > 0 ? 'draw' : 'measure',
    scenarios: scenarios.map((scenario) => withSoakOf(soakMinutes, scenario)),
    peers,
    timing: {
      isQuick,
      runs: wish('--runs', values.runs, 1),
      measureMs: wish('--measure-ms', values['measure-ms'], 50),
      warmupMs: wish('--warmup-ms', values['warmup-ms'], 0),
    },
    from,
    json: values.json ?? paths.json,
    html: values.html ?? paths.html,
    milestone: values.milestone === undefined ? null : milestonePath(values.milestone, now),
    subjectCore: cores[0],
    generatorCore: cores[1],
  }
}

/** The scenarios by group, a line each. */
export function listText(scenarios: readonly Scenario[]): string {
  const width = Math.max(0, ...scenarios.map(({ name }) => name.length))
  return GROUPS.flatMap((group) => {
    const members = scenarios.filter((scenario) => scenario.group === group)
    if (members.length === 0) return []
    return [group, ...members.map(({ name, title }) => `  ${name.padEnd(width)}  ${title}`)]
  }).join('\n')
}

/** What is marked as quick, without the rest of its scenario; floors about the rest stay out with it. */
function quickScenarios(): readonly Scenario[] {
  return SCENARIOS.flatMap((scenario) => {
    const cases = scenario.cases.filter(({ isQuick }) => isQuick === true)
    return cases.length === 0 ? [] : [{ ...scenario, cases }]
  })
}

/** By scenario or group, in the usual order; all when there are no names. */
function scenariosNamed(names: readonly string[]): readonly Scenario[] {
  if (names.length === 0 || names.includes('all')) return SCENARIOS
  const known: readonly string[] = [...GROUPS, ...SCENARIOS.map(({ name }) => name)]
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new Error(`there is no scenario or group ${unknown}; there are ${known.join(', ')}`)
  return SCENARIOS.filter(({ name, group }) => names.includes(name) || names.includes(group))
}

function peersNamed(given: string | undefined): readonly PeerName[] {
  if (given === 'none') return []
  if (given === undefined || given === 'all') return PEERS
  return given.split(',').map((name) => {
    const found = PEERS.find((peer) => peer === name)
    if (found === undefined) throw new Error(`--peers: there is no ${name}; there are ${PEERS.join(', ')}`)
    return found
  })
}

function wish(flag: string, given: string | undefined, least: number): number | null {
  return given === undefined ? null : count(flag, given, least)
}

function count(flag: string, given: string, least: number): number {
  const number = Number(given)
  if (given.trim() === '' || !Number.isInteger(number) || number < least)
    throw new Error(`${flag}: ${given} is not an integer of at least ${least}`)
  return number
}
