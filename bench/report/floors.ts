import type { FigureName } from '../scenarios/scenario.js'
import { FIGURE_UNITS } from '../scenarios/scenario.js'
import { isOurs } from '../subjects/index.js'
import type { OurName, PeerName, SubjectName, TimedName } from '../subjects/subject.js'
import { quantity } from './quantity.js'
import { median, type Row } from './row.js'

/** Something that a scenario has to show of our daemon. */
export interface Floor {
  check(rows: readonly Row[]): Verdict
}

export interface Verdict {
  what: string
  measured: string
  /** Null: not measured, as the peer is absent, a run failed, or the generator set the figure that is compared with. */
  pass: boolean | null
}

/** Which row of a scenario; by default the one without a variant of our daemon's usual port. */
export interface Which {
  variant?: string
  of?: OurName
}

const UNMEASURED = { measured: 'not measured', pass: null }

export function atLeast(figure: FigureName, floor: number, which: Which = {}): Floor {
  return bound(figure, which, `at least ${quantity(floor, FIGURE_UNITS[figure])}`, (value) => value >= floor)
}

export function atMost(figure: FigureName, limit: number, which: Which = {}): Floor {
  return bound(figure, which, `at most ${quantity(limit, FIGURE_UNITS[figure])}`, (value) => value <= limit)
}

/** At least `times` what a peer reached in the same runs. */
export function timesPeer(figure: FigureName, peer: PeerName, times: number, which: Which = {}): Floor {
  const { variant = '', of = 'sluice' } = which
  const what = `${prefix(which)}${figure} at least ${times} × ${peer}`
  return ratio(figure, what, times, { subject: of, variant }, { subject: peer, variant })
}

/** Cost at most `times` a peer's in the same runs: the reverse of their rates, or processor time, which tells it also where the generator set the rate. */
export function costOfPeer(
  figure: 'rate' | 'requests' | 'cpuEach',
  peer: PeerName,
  times: number,
  which: Which = {},
): Floor {
  return {
    check(rows) {
      const what = `${prefix(which)}cost of one at most ${times} × ${peer}, by ${figure}`
      const { variant = '', of = 'sluice' } = which
      const ours = figureOf(find(rows, { subject: of, variant }), figure)
      const baseline = find(rows, { subject: peer, variant })
      const theirs = figureOf(baseline, figure)
      if (ours === null || theirs === null || ours === 0 || theirs === 0) return { what, ...UNMEASURED }
      if (figure !== 'cpuEach' && baseline?.generatorBound === true) return { what, ...voidFor(baseline) }
      const cost = figure === 'cpuEach' ? ours / theirs : theirs / ours
      return { what, measured: `${cost.toFixed(2)} ×`, pass: cost <= times }
    },
  }
}

/** At least this share of another variant's figure. */
export function shareOf(figure: FigureName, variant: string, baseline: string, share: number): Floor {
  const what = `${variant}: ${figure} at least ${share} × ${baseline}`
  return ratio(figure, what, share, { subject: 'sluice', variant }, { subject: 'sluice', variant: baseline })
}

/** At most this many times another variant's figure. */
export function timesOf(figure: FigureName, variant: string, baseline: string, times: number): Floor {
  return {
    check(rows) {
      const what = `${variant}: ${figure} at most ${times} × ${baseline}`
      const both = [variant, baseline].map((each) => find(rows, { subject: 'sluice', variant: each }))
      const [ours, without] = both.map((row) => figureOf(row, figure))
      if (ours === null || without === null || without === 0) return { what, ...UNMEASURED }
      const untold = both.find((row) => row?.isVoid === true)
      if (untold !== undefined) return { what, ...unrehearsed(untold) }
      return { what, measured: `${(ours / without).toFixed(2)} ×`, pass: ours / without <= times }
    },
  }
}

/**
 * What something costs, by rate or by processor time, is at most this share of what the same daemon takes without it. The runs of both follow each other:
 * what else the machine does falls on both, and the median of the ratios is more certain than the ratio of the medians.
 */
function costs(
  what: string,
  subjects: { readonly with: SubjectName; readonly without: SubjectName },
  figure: 'rate' | 'cpuEach',
  variant: string,
  share: number,
): Floor {
  return {
    check(rows) {
      const says = `${subjects.with}, ${variant}: ${what} at most ${share * 100} %, by ${figure}`
      const runsOf = (subject: SubjectName) => find(rows, { subject, variant })?.figures[figure]?.runs ?? []
      const [paid, free] = [runsOf(subjects.with), runsOf(subjects.without)]
      if (paid.length === 0 || paid.length !== free.length) return { what: says, ...UNMEASURED }
      const shares = paid.map((value, run) => (figure === 'rate' ? free[run] / value : value / free[run]) - 1)
      return { what: says, measured: `${(median(shares) * 100).toFixed(1)} %`, pass: median(shares) <= share }
    },
  }
}

export function costOfTiming(of: TimedName, figure: 'rate' | 'cpuEach', variant: string, share: number): Floor {
  return costs('timing costs', { with: of, without: `${of}-untimed` }, figure, variant, share)
}

export function costOfPermissions(of: TimedName, figure: 'rate' | 'cpuEach', variant: string, share: number): Floor {
  return costs('permissions cost', { with: `${of}-permitted`, without: of }, figure, variant, share)
}

/** The daemon's own account of a latency is within `share` or `us` microseconds of what a client measured in the same seconds, whichever is more. */
export function agrees(
  figure: 'p50' | 'p99' | 'p99.9',
  of: TimedName,
  variant: string,
  share: number,
  us: number,
): Floor {
  return {
    check(rows) {
      const what = `${of}, ${variant}: ${figure} of daemon and client within ${share * 100} % or ${us} µs`
      const row = find(rows, { subject: of, variant })
      const [client, own] = ([figure, `own ${figure}`] as const).map((name) => row?.figures[name]?.runs ?? [])
      if (client.length === 0) return { what, ...UNMEASURED }
      const apart = median(client.map((value, run) => own[run] - value))
      const limit = Math.max(us, share * median(client))
      return { what, measured: `${apart > 0 ? '+' : ''}${apart.toFixed(1)} µs`, pass: Math.abs(apart) <= limit }
    },
  }
}

/** Being scraped moves a latency by at most this share: of neighbouring runs, as above. The variant that is scraped is called as the other, with `, scraped`. */
export function costOfScraping(figure: FigureName, variant: string, share: number): Floor {
  return {
    check(rows) {
      const what = `${variant}: a scrape each second moves ${figure} by at most ${share * 100} %`
      const runsOf = (of: string) => find(rows, { subject: 'sluice', variant: of })?.figures[figure]?.runs ?? []
      const [quiet, scraped] = [runsOf(variant), runsOf(`${variant}, scraped`)]
      if (quiet.length === 0 || quiet.length !== scraped.length) return { what, ...UNMEASURED }
      const moved = median(scraped.map((value, run) => value / quiet[run] - 1))
      return { what, measured: `${(moved * 100).toFixed(1)} %`, pass: moved <= share }
    },
  }
}

/** A latency no higher than a peer's in the same runs. */
export function noWorse(figure: FigureName, peer: PeerName, which: Which = {}): Floor {
  return {
    check(rows) {
      const { variant = '', of = 'sluice' } = which
      const what = `${prefix(which)}${figure} no worse than ${peer}`
      const both = ([of, peer] as const).map((subject) => find(rows, { subject, variant }))
      const [ours, theirs] = both.map((row) => figureOf(row, figure))
      if (ours !== null && both[1]?.isUnable === true)
        return { what, measured: `${peer} cannot take this load`, pass: null }
      if (ours === null || theirs === null) return { what, ...UNMEASURED }
      const untold = both.find((row) => row?.isVoid === true)
      if (untold !== undefined) return { what, ...unrehearsed(untold) }
      const unit = FIGURE_UNITS[figure]
      return { what, measured: `${quantity(ours, unit)} against ${quantity(theirs, unit)}`, pass: ours <= theirs }
    },
  }
}

/** Nothing lost, doubled or reordered in any run of ours. */
export function unlost(): Floor {
  return {
    check(rows) {
      const what = 'lost, doubled, reordered: 0'
      const ours = rows.filter((row) => isOurs(row.subject))
      if (ours.length === 0 || ours.some((row) => row.errors.length > 0)) return { what, ...UNMEASURED }
      const sums = (['lost', 'doubled', 'reordered'] as const).map((key) =>
        ours.reduce((sum, row) => sum + row[key], 0),
      )
      return { what, measured: sums.join(', '), pass: sums.every((sum) => sum === 0) }
    },
  }
}

function bound(figure: FigureName, which: Which, limit: string, holds: (value: number) => boolean): Floor {
  return {
    check(rows) {
      const { variant = '', of = 'sluice' } = which
      const what = `${prefix(which)}${figure} ${limit}`
      const row = find(rows, { subject: of, variant })
      const measured = figureOf(row, figure)
      if (measured === null) return { what, ...UNMEASURED }
      if (row?.isVoid === true) return { what, ...unrehearsed(row) }
      return { what, measured: quantity(measured, FIGURE_UNITS[figure]), pass: holds(measured) }
    },
  }
}

interface Place {
  subject: SubjectName
  variant: string
}

function ratio(figure: FigureName, what: string, floor: number, over: Place, under: Place): Floor {
  return {
    check(rows) {
      const [row, baseline] = [find(rows, over), find(rows, under)]
      const [ours, theirs] = [figureOf(row, figure), figureOf(baseline, figure)]
      if (ours === null || theirs === null || theirs === 0) return { what, ...UNMEASURED }
      // Between two of our own rows the generator is alike; a peer that it held back could have done more.
      if (baseline?.generatorBound === true && !isOurs(under.subject)) return { what, ...voidFor(baseline) }
      return { what, measured: `${(ours / theirs).toFixed(2)} ×`, pass: ours / theirs >= floor }
    },
  }
}

function unrehearsed({ subject }: Row): Pick<Verdict, 'measured' | 'pass'> {
  return { measured: `void: the generator was not shown to be able to do twice as much as with ${subject}`, pass: null }
}

function voidFor({ subject }: Row): Pick<Verdict, 'measured' | 'pass'> {
  return { measured: `void: the generator set the figure of ${subject}`, pass: null }
}

function prefix({ variant = '', of }: Which): string {
  const words = [...(of === undefined ? [] : [of]), ...(variant === '' ? [] : [variant])]
  return words.length === 0 ? '' : `${words.join(', ')}: `
}

function find(rows: readonly Row[], { subject, variant }: Place): Row | undefined {
  return rows.find((row) => row.subject === subject && row.variant === variant)
}

function figureOf(row: Row | undefined, figure: FigureName): number | null {
  return row?.figures[figure]?.median ?? null
}
