import { parseArgs } from 'node:util'

export const ENGINES = ['jsfuzz', 'guided', 'mutate'] as const
export type Engine = (typeof ENGINES)[number]

export const USAGE = `usage: npm run fuzz -- [options]

Feeds what anybody may send to the parts of Sluice that read it, and looks that what must hold does. Ends with status 1 when something did not:
the input is then in test/fuzz/found/<target>/, where the tests run it again.

  --target NAME    one target, or several with commas between; default: all
  --engine NAME    one of the ways below, or several; default: all
  --time TIME      for all targets together, such as 60s, 10m or 2h; default: 60s
  --runs N         at most so many runs for each target and engine (not jsfuzz)
  --jobs N         targets at a time; default: one for each core
  --seed N         of the mutations; default: another one each time. The same seed, corpus and number of runs give the same inputs
  --bytes N        the longest input; default: 65536
  --hang TIME      an input that takes longer is a finding; default: 10s
  --minimise       afterwards writes what reaches different code, the least of it, to test/fuzz/corpus/
  --list           the targets
  --help           this

Engines:
  jsfuzz   jsfuzz itself: guided by coverage, each input sent to another process; in a short time not for all targets
  guided   guided by the same coverage, within one process
  mutate   without looking at the coverage, many times as fast: mutations of the inputs that the other two have found
`

export interface FuzzOptions {
  targets: string[] | null
  engines: Engine[]
  timeMs: number
  runsMax: number
  jobs: number | null
  seed: number
  bytesMax: number
  hangMs: number
  isMinimising: boolean
  isListing: boolean
}

/** @returns what was asked for, or why it cannot be done; null for the help. */
export function readArguments(argv: string[]): FuzzOptions | string | null {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        target: { type: 'string' },
        engine: { type: 'string' },
        time: { type: 'string', default: '60s' },
        runs: { type: 'string' },
        jobs: { type: 'string' },
        seed: { type: 'string' },
        bytes: { type: 'string', default: '65536' },
        hang: { type: 'string', default: '10s' },
        minimise: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return null
    return {
      targets: values.target?.split(',') ?? null,
      engines: values.engine === undefined ? [...ENGINES] : values.engine.split(',').map(engineOf),
      timeMs: timeOf('--time', values.time),
      runsMax: values.runs === undefined ? Number.POSITIVE_INFINITY : countOf('--runs', values.runs),
      jobs: values.jobs === undefined ? null : countOf('--jobs', values.jobs),
      seed: values.seed === undefined ? Date.now() % 2 ** 31 : countOf('--seed', values.seed),
      bytesMax: countOf('--bytes', values.bytes),
      hangMs: timeOf('--hang', values.hang),
      isMinimising: values.minimise,
      isListing: values.list,
    }
  } catch (error) {
    return (error as Error).message
  }
}

function engineOf(name: string): Engine {
  const engine = ENGINES.find((known) => known === name)
  if (engine === undefined) throw new Error(`--engine is one of ${ENGINES.join(', ')}, not ${name}`)
  return engine
}

function countOf(name: string, text: string): number {
  if (!/^[1-9][0-9]{0,14}$/.test(text)) throw new Error(`${name} is a number above 0, not ${text}`)
  return Number(text)
}

function timeOf(name: string, text: string): number {
  const parts = /^([0-9]+)(ms|s|m|h)$/.exec(text)
  if (parts === null) throw new Error(`${name} is a time such as 60s, 10m or 2h, not ${text}`)
  return Number(parts[1]) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[parts[2] as 'ms']
}
