import { atLeast, costOfPeer, type Floor, timesPeer } from '../floors.js'
import type { Report } from '../report.js'
import { table } from './markdown.js'

/** Something that the project set out to show, on one core for the daemon, with payloads of 128 bytes. */
export interface Goal {
  what: string
  /** In words, with what would be more than that. */
  aim: string
  beyond: string
  /** Of which scenario what has to hold. */
  floors: readonly { scenario: string; floor: Floor }[]
}

export const GOALS: readonly Goal[] = [
  {
    what: '1 → 1, 64 a frame',
    aim: '10 M/s and 2 × nats-server (TCP)',
    beyond: 'within 1.5 × of a byte forwarder',
    floors: [
      { scenario: 'one-to-one-64', floor: atLeast('rate', 10e6) },
      { scenario: 'one-to-one-64', floor: timesPeer('rate', 'nats', 2) },
      { scenario: 'one-to-one-64', floor: costOfPeer('cpuEach', 'forwarder', 1.5) },
    ],
  },
  {
    what: '1 → 1, one a frame',
    aim: '2.2 M/s on uWebSockets.js, 6 M/s on Node’s streams',
    beyond: '2 × nats-server (WebSocket)',
    floors: [
      { scenario: 'one-to-one-1', floor: atLeast('rate', 2.2e6) },
      { scenario: 'streams-1', floor: atLeast('rate', 6e6, { of: 'sluice-streams' }) },
      { scenario: 'streams-1', floor: timesPeer('rate', 'nats-websocket', 2, { of: 'sluice-streams' }) },
    ],
  },
]

/** The aims, what was measured of each, and whether it is met. */
export function goalsPart(report: Report): string {
  const rows = GOALS.map(({ what, aim, beyond, floors }) => {
    const verdicts = floors.map(({ scenario, floor }) =>
      floor.check(report.rows.filter((row) => row.scenario === scenario)),
    )
    const words = verdicts.map((verdict) => `${sign(verdict.pass)} ${verdict.what}: **${verdict.measured}**`)
    return [what, aim, beyond, words.join('<br>')]
  })
  return table(['', 'aim', 'beyond', 'measured'], rows)
}

function sign(pass: boolean | null): string {
  if (pass === null) return '–'
  return pass ? '✓' : '✗ missed:'
}
