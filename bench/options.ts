import { parseArgs } from 'node:util'
import { SCENARIOS } from './scenarios/index.js'
import { GROUPS, type Scenario } from './scenarios/scenario.js'
import { PEERS } from './subjects/index.js'
import type { PeerName } from './subjects/subject.js'

export interface Options {
  scenarios: readonly Scenario[]
  peers: readonly PeerName[]
  runs: number
  warmupMs: number
  measureMs: number
  json: string | null
  subjectCore: number
  generatorCore: number
}

export const HELP = `Usage: npm run bench -- [scenario or group …] [options]

Measures the daemon of this checkout, pinned to one core, beside its peers when they are installed.
Generators run on another core, check every delivery for loss, doubling and order, and say when they were the bottleneck.

  --scenario A,B     the same as naming them (default: all)
  --peers none|all|A,B  what to measure beside the daemon (default: all that are installed): ${PEERS.join(', ')}
  --runs N           runs of each case, of which the median is shown (default: 5)
  --measure-ms N     measured time of a run (default: 2000)
  --warmup-ms N      time before it, with the same load (default: 600)
  --quick            3 runs of 700 ms
  --cores A,B        core of the daemon and its peers, core of the generators (default: 0,1)
  --json FILE        writes everything that was measured, with the machine and the commit
  --help

Scenarios by group:
${GROUPS.map(groupText).join('\n')}

Examples:
  npm run bench -- bus --quick
  npm run bench -- http
  npm run bench -- --scenario one-to-one-64,latency-100k --peers nats --json result.json
`

/** @returns the options, null for a request for help. Throws with what is wrong. */
export function parseOptions(argv: readonly string[]): Options | null {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      scenario: { type: 'string' },
      peers: { type: 'string' },
      runs: { type: 'string' },
      'measure-ms': { type: 'string' },
      'warmup-ms': { type: 'string' },
      quick: { type: 'boolean' },
      cores: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return null
  const quick = values.quick === true
  const [subjectCore, generatorCore] = (values.cores ?? '0,1').split(',').map((core) => count('--cores', core, 0))
  if (generatorCore === undefined) throw new Error('--cores wants two numbers, such as 0,1')
  return {
    scenarios: scenariosNamed([...positionals, ...(values.scenario?.split(',') ?? [])]),
    peers: values.peers === 'none' ? [] : chosen('--peers', values.peers, PEERS, (peer) => peer),
    runs: count('--runs', values.runs ?? (quick ? '3' : '5'), 1),
    measureMs: count('--measure-ms', values['measure-ms'] ?? (quick ? '700' : '2000'), 50),
    warmupMs: count('--warmup-ms', values['warmup-ms'] ?? (quick ? '300' : '600'), 0),
    json: values.json ?? null,
    subjectCore,
    generatorCore,
  }
}

function groupText(group: (typeof GROUPS)[number]): string {
  const lines = SCENARIOS.filter((scenario) => scenario.group === group)
  return [group, ...lines.map(({ name, title }) => `  ${name.padEnd(17)} ${title}`)].join('\n')
}

/** By scenario or group, in the usual order; all when there are no names. */
function scenariosNamed(names: readonly string[]): readonly Scenario[] {
  if (names.length === 0 || names.includes('all')) return SCENARIOS
  const known: readonly string[] = [...GROUPS, ...SCENARIOS.map(({ name }) => name)]
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new Error(`there is no scenario or group ${unknown}; there are ${known.join(', ')}`)
  return SCENARIOS.filter(({ name, group }) => names.includes(name) || names.includes(group))
}

function chosen<T>(
  flag: string,
  given: string | undefined,
  all: readonly T[],
  nameOf: (each: T) => string,
): readonly T[] {
  if (given === undefined || given === 'all') return all
  return given.split(',').map((name) => {
    const found = all.find((each) => nameOf(each) === name)
    if (found === undefined) throw new Error(`${flag}: there is no ${name}; there are ${all.map(nameOf).join(', ')}`)
    return found
  })
}

function count(flag: string, given: string, least: number): number {
  const number = Number(given)
  if (!Number.isInteger(number) || number < least)
    throw new Error(`${flag}: ${given} is not an integer of at least ${least}`)
  return number
}
