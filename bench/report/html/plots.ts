import { figureNames, figureOf, figuresOf, headerOf, headline, isLatency, isVoid } from '../figures.js'
import type { Report, ReportedScenario } from '../report.js'
import type { Row } from '../row.js'
import { histogramOf } from '../store.js'
import { type BarGroup, barPlot } from './bars.js'
import { type Curve, curvePlot } from './curve.js'
import { type Distribution, percentilePlot } from './percentiles.js'
import { CATEGORY_COUNT, categoryClasses, stepClasses } from './theme.js'

export interface Plot {
  title: string
  svg: string
  /** Beside the point of the scenario: folded away. */
  isDetail: boolean
}

/** From this many lines on they are steps of something, and not things of different kinds. */
const STEPS_MIN = 4
/** A range of figures that wide is only seen on a logarithmic scale. */
const LOG_RATIO_MIN = 50
const BAR_PLOTS_MAX = 4

/** All plots of a scenario, the one that tells most first. */
export function plotsOf(report: Report, scenario: ReportedScenario, width: number): Plot[] {
  const rows = report.rows.filter((row) => row.scenario === scenario.name)
  const painter = new Painter(report, scenario, rows, width)
  const places = new Set(rows.flatMap(({ x }) => x ?? []))
  const isAxis = scenario.axis !== undefined && places.size > 1
  const plots = isAxis
    ? [...painter.curves(), ...painter.percentiles(true)]
    : [...painter.bars(), ...painter.percentiles(false)]
  return [...plots, ...painter.overTime()]
}

class Painter {
  private readonly subjects: string[]
  private readonly labels: ReadonlyMap<string, string>

  constructor(
    private readonly report: Report,
    private readonly scenario: ReportedScenario,
    private readonly rows: readonly Row[],
    private readonly width: number,
  ) {
    this.subjects = [...new Set(rows.map(({ subject }) => subject as string))]
    this.labels = new Map(report.subjects.map(({ name, label }) => [name, label]))
  }

  bars(): Plot[] {
    const { report, scenario, rows, width } = this
    const main = headline(rows, report.units, scenario.headline)
    const hasCurves = rows.some(({ histograms }) => histograms.length > 0)
    const names = figureNames(rows, report.units).filter((name) => {
      if (name === main) return true
      // The rate of an open loop is what was asked for; percentiles have a plot of their own.
      if (name === 'rate' || name === 'p99') return name === 'p99' ? !hasCurves : main !== 'p99'
      return !isLatency(name, report.units) || name.endsWith(' p99')
    })
    return names.slice(0, BAR_PLOTS_MAX).map((name) => {
      const svg = barPlot(
        `${scenario.name}-${slug(name)}`,
        this.words(name),
        width,
        this.unit(name),
        this.barGroups(name),
      )
      return { title: headerOf(name), svg, isDetail: false }
    })
  }

  curves(): Plot[] {
    const { report, rows, scenario } = this
    const main = headline(rows, report.units, scenario.headline)
    const names = figureNames(rows, report.units)
    const lines = [...new Set(rows.map((row) => row.line ?? ''))]
    const isFaceted = this.subjects.length > 1 && lines.length > 1
    const lanes = this.subjects.length === 1 && lines.length === 1 ? laneKinds(names) : new Map<string, string[]>()
    const together = [...lanes].flatMap(([kind, members]) => this.lanePlot(kind, members))
    const single = names.filter((name) => ![...lanes.values()].flat().includes(name))
    const others = single.flatMap((name): Plot[] => {
      const isDetail = name !== main && !isLatency(name, report.units)
      if (!isFaceted) return this.curve(name, headerOf(name), rows, isDetail)
      return lines.flatMap((line) => {
        const some = rows.filter((row) => (row.line ?? '') === line)
        return this.curve(name, `${headerOf(name)}, ${line}`, some, isDetail)
      })
    })
    return [...together, ...others]
  }

  /** The same figure of several lanes, a line for each lane. */
  private lanePlot(kind: string, names: readonly string[]): Plot[] {
    const classes = categoryClasses(names)
    const curves = names.flatMap((name) => {
      const [curve] = this.curvesOf(name, this.rows)
      return curve === undefined
        ? []
        : [{ ...curve, name: name.replace(` ${kind}`, ''), class: classes.get(name) ?? 'peer' }]
    })
    return this.plotOf(`${kind} by lane`, kind, this.unit(names[0]), curves, isLatency(names[0], this.report.units))
  }

  percentiles(isDetail: boolean): Plot[] {
    const measured = this.rows.filter(({ histograms }) => histograms.length > 0)
    if (measured.length === 0) return []
    const variants = [...new Set(measured.map(({ variant }) => variant))]
    const isOne = measured.length <= CATEGORY_COUNT && this.subjects.length === 1
    if (isOne && variants.length > 1 && !isDetail)
      return [this.percentile('latency by percentile', measured, ({ variant }) => variant, isDetail)]
    return variants.map((variant) => {
      const some = measured.filter((row) => row.variant === variant)
      const title = variant === '' ? 'latency by percentile' : `latency by percentile: ${variant}`
      return this.percentile(title, some, ({ subject }) => subject, isDetail)
    })
  }

  /** What changed in the course of a run. */
  overTime(): Plot[] {
    const all = this.rows.flatMap((row) => (row.series ?? []).map((series) => ({ row, series })))
    const names = [...new Set(all.map(({ series }) => series.name))]
    return names.map((name) => {
      const some = all.filter(({ series }) => series.name === name)
      const keys = some.map(({ row }) => this.rowName(row))
      const classes = categoryClasses(keys)
      const curves = some.map(({ row, series }, i): Curve => {
        const points = series.points.map(([x, y]) => ({ x, y, isVoid: isVoid(row) }))
        return { name: keys[i], class: classes.get(keys[i]) ?? 'peer', points }
      })
      const { unit } = some[0].series
      const plot = { width: this.width, curves, xLabel: 'seconds', isLogarithmic: false, unit, isLogY: unit === 'µs' }
      const title = `${name} over time`
      return { title, svg: curvePlot({ label: this.words(title), ...plot }), isDetail: false }
    })
  }

  private rowName({ subject, variant }: Row): string {
    const label = this.labels.get(subject) ?? subject
    return variant === '' ? label : `${label}, ${variant}`
  }

  private percentile(title: string, rows: readonly Row[], keyOf: (row: Row) => string, isDetail: boolean): Plot {
    const classes = categoryClasses([...new Set(keyOf === undefined ? [] : this.keys(keyOf))])
    const distributions = rows.flatMap((row): Distribution[] => {
      const histogram = histogramOf(row.histograms)
      const key = keyOf(row)
      if (histogram === null || histogram.totalCount === 0) return []
      return [{ name: this.labels.get(key) ?? key, class: classes.get(key) ?? 'peer', histogram, isVoid: isVoid(row) }]
    })
    return { title, svg: percentilePlot(`${this.scenario.title}: ${title}`, this.width, distributions), isDetail }
  }

  private keys(keyOf: (row: Row) => string): string[] {
    return this.rows.map(keyOf)
  }

  private barGroups(name: string): BarGroup[] {
    const variants = [...new Set(this.rows.map(({ variant }) => variant))]
    return variants.flatMap((variant) => {
      const bars = this.rows.flatMap((row) => {
        const figure = figuresOf(row)[name]
        if (row.variant !== variant || figure === undefined) return []
        const isOurs = this.report.subjects.find((subject) => subject.name === row.subject)?.isOurs === true
        const { median: value, runs } = figure
        return [
          {
            name: this.labels.get(row.subject) ?? row.subject,
            class: isOurs ? 'ours' : 'peer',
            value,
            runs,
            isVoid: isVoid(row),
          },
        ]
      })
      return bars.length === 0 ? [] : [{ title: variant, bars }]
    })
  }

  private curve(name: string, title: string, rows: readonly Row[], isDetail: boolean): Plot[] {
    const plots = this.plotOf(
      title,
      name,
      this.unit(name),
      this.curvesOf(name, rows),
      isLatency(name, this.report.units),
    )
    return plots.map((plot) => ({ ...plot, isDetail }))
  }

  private plotOf(title: string, name: string, unit: string, curves: readonly Curve[], isLatencies: boolean): Plot[] {
    const { axis } = this.scenario
    if (axis === undefined || curves.length === 0) return []
    const values = curves.flatMap(({ points }) => points.map(({ y }) => y)).filter((y) => y > 0)
    const svg = curvePlot({
      label: `${this.words(name)}, over ${axis.label}`,
      width: this.width,
      curves,
      xLabel: axis.label,
      isLogarithmic: axis.isLogarithmic,
      unit,
      isLogY: isLatencies || Math.max(...values) / Math.min(...values) > LOG_RATIO_MIN,
    })
    return [{ title, svg, isDetail: false }]
  }

  /** By subject, or by line where there is one subject. */
  private curvesOf(name: string, rows: readonly Row[]): Curve[] {
    const bySubject = this.subjects.length > 1
    const keyOf = (row: Row) => (bySubject ? row.subject : (row.line ?? row.subject))
    const keys = [...new Set(this.keys(keyOf))]
    const classes = !bySubject && keys.length >= STEPS_MIN ? stepClasses(keys) : categoryClasses(keys)
    return keys.flatMap((key) => {
      const points = rows.flatMap((row) => {
        const y = figureOf(row, name)
        return keyOf(row) === key && row.x !== undefined && y !== null ? [{ x: row.x, y, isVoid: isVoid(row) }] : []
      })
      const label = this.labels.get(key) ?? key
      const sorted = points.sort((a, b) => a.x - b.x)
      return points.length === 0 ? [] : [{ name: label, class: classes.get(key) ?? 'peer', points: sorted }]
    })
  }

  private unit(name: string): string {
    return this.report.units[name] ?? ''
  }

  private words(name: string): string {
    return `${this.scenario.title}: ${headerOf(name)}`
  }
}

/** Of `lane 0 p99` and `lane 7 p99` the kind is `p99`. */
function laneKinds(names: readonly string[]): Map<string, string[]> {
  const kinds = new Map<string, string[]>()
  for (const name of names) {
    const kind = /^lane \d (.+)$/.exec(name)?.[1]
    if (kind !== undefined) kinds.set(kind, [...(kinds.get(kind) ?? []), name])
  }
  return kinds
}

function slug(name: string): string {
  return name.replaceAll(/[^a-z0-9]+/gi, '-')
}
