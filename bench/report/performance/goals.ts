import type { Report, ReportedVerdict } from '../report.js'
import { plain, table } from './markdown.js'

/** Floors of a scenario, by what they are called. */
interface Choice {
  scenario: string
  what: RegExp
}

/** Something that the project set out to show, on one core for the daemon, with payloads of 128 bytes. Its figures are floors of the scenarios themselves. */
export interface Goal {
  what: string
  aim: string
  floors: readonly Choice[]
  /** What would be more than that; empty: nothing. */
  beyond: string
  beyondFloors: readonly Choice[]
}

/** More of one kind are told by how many they are. */
const LISTED_MAX = 4

function choose(scenario: string, what: RegExp): Choice {
  return { scenario, what }
}

function goal(what: string, aim: string, floors: Choice[], beyond = '', beyondFloors: Choice[] = []): Goal {
  return { what, aim, floors, beyond, beyondFloors }
}

export const GOALS: readonly Goal[] = [
  goal(
    '1 → 1, 64 a frame',
    '10 M/s and 2 × nats-server (TCP)',
    [choose('one-to-one-64', /^rate at least/)],
    'within 1.5 × of a byte forwarder',
    [choose('one-to-one-64', /forwarder/)],
  ),
  goal(
    '1 → 1, one a frame',
    '2.2 M/s on uWebSockets.js, 6 M/s on Node’s streams',
    [choose('one-to-one-1', /rate at least 2\.20 M/), choose('streams-1', /rate at least 6\.00 M/)],
    '2 × nats-server (WebSocket)',
    [choose('one-to-one-1', /nats-websocket/), choose('streams-1', /nats-websocket/)],
  ),
  goal('1 → 1,000', '22 M deliveries/s and 4 × nats-server', [choose('fan-out', /^1 → 1,000: rate/)]),
  goal('1,000 → 1, one a frame', '1.8 M/s', [choose('fan-in', /^1,000 → 1, one a frame: rate/)]),
  goal('routing at 1.8 M/s, batched', 'p99 < 0.5 ms, p99.9 < 1 ms', [choose('headline', /routing/)]),
  goal('end to end at half of capacity', 'p99 < 1 ms; p99.9 no worse than any peer at the same rate', [
    choose('half-load', /p99/),
  ]),
  goal(
    'end to end at 1.8 M/s in and out',
    'p99 < 10 ms',
    [choose('headline', /: rate at least|: p99 at most 10\.0 ms/)],
    'p99 < 1 ms',
    [choose('headline', /: p99 at most 1000 µs/)],
  ),
  goal('processor time at 1.8 M/s, batched', '< 50 % of one core', [choose('headline', /cpu at most 50/)], '< 20 %', [
    choose('headline', /cpu at most 20/),
  ]),
  goal('allocation on the way of an event', 'no object per event', [choose('work', /core objects/)]),
  goal('client library, per core', 'publish and receive 2 M/s each, 3 × nats.js', [
    choose('client-library', /^(publish|receive): /),
  ]),
  goal('soak', 'memory and p99.9 flat', [choose('soak', /memory|p99\.9/)]),
]

/** The aims, what was measured of each, and whether it is met. */
export function goalsPart(report: Report): string {
  const rows = GOALS.map((goal) => [
    goal.what,
    goal.aim,
    measured(report, goal.floors),
    goal.beyond,
    goal.beyond === '' ? '' : measured(report, goal.beyondFloors),
  ])
  return table(['', 'aim', 'measured', 'beyond', 'measured'], rows)
}

function measured({ verdicts }: Report, choices: readonly Choice[]): string {
  const chosen = choices.flatMap(({ scenario, what }) =>
    verdicts.filter((verdict) => verdict.scenario === scenario && what.test(verdict.what)),
  )
  if (chosen.length === 0) return 'not measured'
  if (chosen.length <= LISTED_MAX) return chosen.map(line).join('<br>')
  const met = chosen.filter(({ pass }) => pass === true).length
  const others = chosen.filter(({ pass }) => pass !== true)
  return [`${met} of ${chosen.length} met`, ...others.map(line)].join('<br>')
}

function line({ pass, what, measured }: ReportedVerdict): string {
  const sign = pass === null ? '– no verdict' : pass ? '✓ met' : '✗ **missed**'
  return `${sign}: ${plain(what)}: **${plain(measured)}**`
}
