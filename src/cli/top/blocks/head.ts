import type { Limit, Stats } from '../../../observe/stats.js'
import { bar } from '../bars.js'
import type { Block } from '../block.js'
import { age, bytes, count, percent, short } from '../figures.js'
import { Rank } from '../rank.js'
import { fitting, type Line, span, spread, type Tone, widthOf } from '../spans.js'
import { inLines, visible } from '../text.js'
import type { Seen, View } from '../view.js'

const BAR_WIDTH_MAX = 60
const BAR_WIDTH_MIN = 10
const GAP = 2
/** Who takes less limits by something else, which the sentence says. */
const SHARE_SHOWN_MIN = 0.005
const LIMIT_LABEL = 'limit '
const LINES_MAX = 3

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
      [span(phase, phase === 'ready' ? 'plain' : 'yellow')],
      [span(`pid ${pid}`, 'dim')],
      [span(visible(view.url), 'dim')],
    ]
    const clock: Line = [span(`${clockOf(stats.at)} `), state]
    return [spread(parts, clock, width)]
  }
  return { steps: [[1, Rank.IDENTITY]], draw }
}

function clockOf(atMs: number): string {
  const date = new Date(atMs)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

/** In and out, and how near to what it is built for. */
export function rates({ stats }: Seen, width: number): Block {
  const draw = (height: number): Line[] => [inward(stats, width), outward(stats, width)].slice(0, height)
  return { steps: [[2, Rank.RATES]], draw }
}

function inward({ rates, target, totals }: Stats, width: number): Line {
  const now = rates.accepted / target.eventsPerSecond
  const figure: Line = [span('in   ', 'dim'), span(`${count(rates.accepted)}/s`.padEnd(8), 'bold')]
  const words: Line[] = [
    [span(`${percent(now)} of ${short(count(target.eventsPerSecond))}/s`)],
    [span(`best of the hour ${count(target.best)}/s`)],
    [span(`(${percent(target.ratio)})`)],
    [span(`${bytes(rates.acceptedBytes)}/s`)],
    [span(`${count(totals.accepted)} since the start`, 'dim')],
  ]
  const wordsWidth = width - widthOf(figure) - GAP - BAR_WIDTH_MIN - GAP
  if (wordsWidth < widthOf(words[0])) return fitting([figure, ...words], width)
  const fitted = fitting(words, wordsWidth)
  const barWidth = Math.min(BAR_WIDTH_MAX, width - widthOf(figure) - GAP - GAP - widthOf(fitted))
  return fitting([figure, bar(now, barWidth, 'cyan'), fitted], width, GAP)
}

function outward({ rates, totals }: Stats, width: number): Line {
  const figure: Line = [span('out  ', 'dim'), span(`${count(rates.delivered)}/s`.padEnd(8), 'bold')]
  const lost = [
    { name: 'dropped', rate: rates.dropped, tone: 'red' },
    { name: 'refused', rate: rates.refused, tone: 'red' },
    { name: 'expired', rate: rates.expired, tone: 'yellow' },
    { name: 'unmatched', rate: rates.unmatched, tone: 'plain' },
  ] as const
  const words = lost.map(({ name, rate, tone }) => counted(name, rate, tone))
  const isSome = (_: unknown, index: number): boolean => lost[index].rate > 0 && lost[index].tone !== 'plain'
  const more: Line[] = [
    [span(`${bytes(rates.writtenBytes)}/s`)],
    [span(`${count(totals.delivered)} since the start`, 'dim')],
  ]
  const parts = [...words.filter(isSome), more[0], ...words.filter((_, index) => !isSome(_, index)), more[1]]
  return fitting([figure, ...parts], width, GAP)
}

function counted(name: string, rate: number, tone: Tone): Line {
  return [span(`${name} `, 'dim'), span(`${count(rate)}/s`, rate > 0 ? tone : 'plain')]
}

/** What limits the daemon now. */
export function bottleneck({ stats }: Seen, width: number): Block {
  const { limit, share, since, says } = stats.bottleneck
  const tone = NOTHING.includes(limit) ? 'green' : WORK.includes(limit) ? 'cyan' : 'red'
  const much = share < SHARE_SHOWN_MIN ? '' : ` ${percent(share)}`
  const name = `${LIMIT_NAMES[limit] ?? visible(limit)}${much} for ${age((stats.at - since) / 1000)}`
  const named = `${LIMIT_LABEL}${name}`
  const draw = (height: number): Line[] => {
    const [first, ...more] = inLines(`${named}: ${visible(says)}`, width, height)
    // In a terminal so narrow that the name itself is broken, it is not set off.
    const head: Line = first.startsWith(named)
      ? [span(LIMIT_LABEL, 'dim'), span(name, tone), span(first.slice(named.length))]
      : [span(first, tone)]
    return [head, ...more.map((text): Line => [span(text)])]
  }
  const { length } = draw(LINES_MAX)
  return {
    steps: [
      [1, Rank.LIMIT],
      [Math.min(2, length), Rank.LIMIT_SENTENCE],
      [length, Rank.LIMIT_SENTENCE],
    ],
    draw,
  }
}

/** Latencies that are out of line with their own past. */
export function anomalies({ stats }: Seen, width: number): Block {
  const sentences = stats.anomalies.map(({ says }) => `! ${visible(says)}`)
  const linesOf = (sentence: string, most: number): Line[] =>
    inLines(sentence, width, most).map((line) => [span(line, 'yellow')])
  const full = sentences.flatMap((sentence) => linesOf(sentence, 2))
  const draw = (height: number): Line[] =>
    height >= full.length ? full : sentences.slice(0, height).flatMap((sentence) => linesOf(sentence, 1))
  return {
    steps: [
      [Math.min(1, full.length), Rank.ANOMALY],
      [full.length, Rank.ANOMALIES],
    ],
    draw,
  }
}
