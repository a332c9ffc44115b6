import type { Bottleneck, Limit } from '../../../observe/stats.js'
import { bar } from '../bars.js'
import type { Block } from '../block.js'
import { age, bytes, count, percent } from '../figures.js'
import { fitting, type Line, span, spread, type Tone } from '../spans.js'
import { inLines, visible } from '../text.js'
import type { Seen, View } from '../view.js'

const BAR_WIDTH_MAX = 60
const BAR_WIDTH_MIN = 10

const LIMIT_NAMES: Readonly<Record<Limit, string>> = {
  idle: 'idle',
  ingress: 'ingress',
  parsing: 'parsing',
  matching: 'matching',
  routing: 'routing',
  fanout: 'fan-out',
  send: 'sending',
  'slow-consumer': 'slow consumer',
  gc: 'garbage collection',
  stall: 'stalled loop',
  starved: 'starved of processor time',
  memory: 'memory',
}
/** What limits a daemon that does its work, and what keeps it from doing it. */
const WORK: readonly Limit[] = ['ingress', 'parsing', 'matching', 'routing', 'fanout', 'send']
const NOTHING: readonly Limit[] = ['idle']

/** Who it is, and whether what is shown is of now. */
export function identity(view: View, width: number): Block {
  const { stats, link, isFrozen } = view
  const state = isFrozen ? span('FROZEN', 'yellow') : span(visible(link.says), link.isLive ? 'green' : 'red')
  const draw = (): Line[] => {
    if (stats === null) return [spread([[span('sluice top', 'bold')], [span(visible(view.url))]], [state], width)]
    const { name, software, uptimeS, phase, pid } = stats.server
    const parts: Line[] = [
      [span(visible(name) || 'sluice', 'bold')],
      [span(visible(software))],
      [span(`up ${age(uptimeS)}`)],
      [span(phase, phase === 'running' || phase === 'ready' ? 'plain' : 'yellow')],
      [span(`pid ${pid}`, 'dim')],
      [span(visible(view.url), 'dim')],
    ]
    const clock: Line = [span(`${clockOf(stats.at)} `), state]
    return [spread(parts, clock, width)]
  }
  return { rank: 0, least: 1, most: 1, draw }
}

function clockOf(atMs: number): string {
  const date = new Date(atMs)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

/** In and out, and how near to what it is built for. */
export function rates({ stats }: Seen, width: number): Block {
  const { rates, target, totals } = stats
  const draw = (height: number): Line[] => {
    const now = rates.accepted / target.eventsPerSecond
    const figure: Line = [span('in   ', 'dim'), span(`${count(rates.accepted)}/s`.padEnd(8), 'bold')]
    const ratio: Line = [span(`${percent(now)} of ${count(target.eventsPerSecond)}/s`)]
    const rest = [
      [span(`best of the hour ${count(target.best)}/s`)],
      [span(`(${percent(target.ratio)})`)],
      [span(`${bytes(rates.acceptedBytes)}/s`)],
      [span(`${count(totals.accepted)} since the start`, 'dim')],
    ]
    const words = fitting([figure, ratio, ...rest], width - BAR_WIDTH_MIN - 2)
    const taken = words.reduce((sum, { text }) => sum + text.length, 0)
    const barWidth = Math.min(BAR_WIDTH_MAX, width - taken - 2)
    const into =
      barWidth < BAR_WIDTH_MIN
        ? words
        : [...figure, span('  '), ...bar(now, barWidth, 'cyan'), ...words.slice(figure.length)]
    const out = fitting(
      [
        [span('out  ', 'dim'), span(`${count(rates.delivered)}/s`.padEnd(8), 'bold')],
        [span(`${bytes(rates.writtenBytes)}/s`)],
        counted('dropped', rates.dropped, 'red'),
        counted('refused', rates.refused, 'red'),
        counted('expired', rates.expired, 'yellow'),
        counted('unmatched', rates.unmatched, 'plain'),
        [span(`${count(totals.delivered)} since the start`, 'dim')],
      ],
      width,
    )
    return [into, out].slice(0, height)
  }
  return { rank: 1, least: 2, most: 2, draw }
}

function counted(name: string, rate: number, tone: Tone): Line {
  return [span(`${name} `, 'dim'), span(`${count(rate)}/s`, rate > 0 ? tone : 'plain')]
}

/** What limits the daemon now, and what is out of line. */
export function bottleneck({ stats }: Seen, width: number): Block {
  const own = limitLines(stats.bottleneck, stats.at, width)
  const strange = stats.anomalies.flatMap(({ says }): Line[] =>
    inLines(`! ${visible(says)}`, width, 2).map((line) => [span(line, 'yellow')]),
  )
  const lines = [...own, ...strange]
  return { rank: 2, least: 1, most: lines.length, draw: (height) => lines.slice(0, height) }
}

function limitLines(bottleneck: Bottleneck, nowMs: number, width: number): Line[] {
  const { limit, share, since, says } = bottleneck
  const tone = NOTHING.includes(limit) ? 'green' : WORK.includes(limit) ? 'cyan' : 'red'
  const name = `${LIMIT_NAMES[limit] ?? visible(limit)} ${percent(share)} for ${age((nowMs - since) / 1000)}`
  const [first, ...more] = inLines(`limit ${name}: ${visible(says)}`, width, 3)
  const label = 'limit '
  const named = `${label}${name}`
  // In a terminal so narrow that the name itself is broken, it is not set off.
  const head: Line = first.startsWith(named)
    ? [span(label, 'dim'), span(name, tone), span(first.slice(named.length))]
    : [span(first, tone)]
  return [head, ...more.map((text): Line => [span(text)])]
}
