import t from 'tap'
import { picture } from '../../../src/cli/top/layout.js'
import { type Line, plainText, widthOf } from '../../../src/cli/top/spans.js'
import { TopState } from '../../../src/cli/top/state.js'
import type { Stats } from '../../../src/observe/stats.js'
import { busyStats, laneStats, percentiles, sloStats } from '../../helpers/stats.js'

const URL_SHOWN = 'ws://127.0.0.1:7400'

/** A top that has seen a minute of a daemon. */
function watching(stats: Stats = busyStats(), keys = ''): TopState {
  const state = new TopState(URL_SHOWN, true)
  for (let second = 59; second >= 0; second--) {
    state.take({ ...stats, at: stats.at - second * 1000, sequence: 60 - second })
  }
  state.link = { isLive: true, says: 'live' }
  for (const key of keys) state.press(key)
  return state
}

function textOf(lines: readonly Line[]): string[] {
  return lines.map((line) => plainText(line).trimEnd())
}

function drawn(width: number, height: number, state = watching()): string[] {
  return textOf(picture(state.view, width, height))
}

/** The one line that has all of it. */
function lineWith(lines: readonly string[], ...parts: string[]): string {
  return lines.find((line) => parts.every((part) => line.includes(part))) ?? `none with ${parts.join(', ')}`
}

t.test('80×24: all that matters, in whole words', async (t) => {
  const lines = drawn(80, 24)
  t.equal(lines.length, 24)
  t.match(lines[0], /^orders-1 {2}sluice\/0\.1\.0 {2}up 3d 04h {2}ready .* \d\d:\d\d:\d\d live$/)
  t.match(lines[1], /^in {3}1\.23M\/s +█+.?░+ {2}69% of 1\.8M\/s {2}best of the hour 1\.40M\/s/)
  t.match(lines[2], /^out {2}12\.3M\/s +dropped 98\.8k\/s {2}1\.52GiB\/s {2}refused 0\/s/)
  t.match(lines[3], /^limit slow consumer 100% for 12s: billing-archive takes nothing: 1\.0 MiB wait$/)
  t.equal(lines[4], 'for it and 98,765 events a second are dropped')
  t.equal(lines[5], '! delivery p99 is 1.90 ms, usually 0.24 ms')
  t.match(lines[6].split(/ +/), [
    'lane',
    'rate/s',
    'waiting',
    'routing',
    'p50',
    'p99',
    'p99.9',
    'delivery',
    'p50',
    'p99',
  ])
  t.same(
    lines.slice(7, 12).map((line) => line.trim().split(/ +/).slice(0, 3).join(' ')),
    ['0 12.0k 0', '2 340 0', '3 1.20M 12', '6 22.0k 0', '7 227 0'],
    'lanes that carry something, in their order',
  )
  t.match(lineWith(lines, 'p99 of stages'), /queue 96µs {2}fanout 72µs {2}routing 168µs {2}delivery 248µs$/)
  t.match(lineWith(lines, 'prices'), /PAGE +99\.95% routing ≤ 250µs ░+ +-31% +22 +18 +15 +4\.4$/, 'the worst objective')
  t.match(lineWith(lines, '1023KiB'), /^billing-archive +1023KiB +8\.16k +1\.20M +12\.4s +127\.0\.0\.1:51234$/)
  t.match(lineWith(lines, 'session 12'), /4\.00KiB/, 'who has no name has a number')
  t.equal(lineWith(lines, 'drops '), 'drops  drop-oldest 98.8k/s (1.20M)  expired 0/s (12)')
  t.match(
    lineWith(lines, 'loop lag'),
    /lag p99 1\.90ms {2}max 6\.20ms {2}busy 93% {2}gc 11\.5ms\/s {2}max 3\.10ms {2}cpu 104%$/,
  )
  t.match(lineWith(lines, 'memory '), /outboxes 1\.00MiB of 64\.0MiB \(2%\) {2}resident 159MiB/)
  t.match(lineWith(lines, 'in ≤1.23M/s'), /█{59}$/, 'a minute of the past')
  t.match(lines[23], /^q quit {2}\? help {2}space freeze {2}s sort {2}S reverse {2}l lanes$/)
})

t.test('200×50: more columns, all lanes, tables beside each other, three minutes of the past', async (t) => {
  const state = watching()
  const lines = drawn(200, 50, state)
  t.equal(lines.length, 50)
  const titles = lineWith(lines, 'lane', 'objective')
  t.match(titles, /routing p50 +p90 +p99 +p99\.9 +max +delivery p50 +p90 +p99 +p99\.9 +max │ objective/)
  const first = lines.indexOf(titles)
  t.same(
    lines.slice(first + 1, first + 9).map((line) => line.trim().split(/ +/)[0]),
    ['0', '1', '2', '3', '4', '5', '6', '7'],
  )
  for (const name of ['queue', 'fanout', 'routing', 'delivery']) {
    t.ok(
      lines.some((line) => new RegExp(`^${name} +\\d+µs .*1\\.00k`).test(line)),
      name,
    )
  }
  t.match(lineWith(lines, 'orders.>'), /^orders +20µs +160µs +600µs/, 'classes of topics')
  t.match(lineWith(lines, 'pending 4.10k in lanes'), /8\.19k in outboxes {2}1 blocked/)
  t.match(lineWith(lines, 'sessions 1.20k'), /listen 1\.20k/)
  t.match(lineWith(lines, 'deliveries of the last second'), /│ deliveries/)
  t.match(lineWith(lines, 'of 1m 00s'), /^of 1m 00s +█{60}$/)
  t.match(lines[49], /^q quit/)
})

t.test('whatever the size, nothing is wider or higher, and the first line says who and how', async (t) => {
  const strange = busyStats({
    server: { ...busyStats().server, name: '数据总线', uptimeS: 4 },
    slos: Array.from({ length: 9 }, (_, n) => sloStats(`objective-${n}-${'x'.repeat(n * 9)}`)),
    slow: Array.from({ length: 10 }, (_, n) => ({
      ...busyStats().slow[0],
      session: n,
      name: '長い名前'.repeat(n * 3),
      address: `[2001:db8::${n}:ffff:ffff:ffff]:51234`,
    })),
    lanes: Array.from({ length: 8 }, (_, lane) => laneStats(lane, 1e9)),
    connections: Object.fromEntries(Array.from({ length: 6 }, (_, n) => [`listener-${n}`, n])),
  })
  const quiet = busyStats({ lanes: [], slow: [], slos: [], classes: [], heat: [], drops: [], anomalies: [] })
  const states = [
    new TopState(URL_SHOWN, true),
    watching(),
    watching(strange),
    watching(quiet),
    watching(strange, 'l'),
    watching(strange, '?'),
  ]
  let wrong = ''
  for (const state of states) {
    for (let width = 1; width <= 230; width += width < 90 ? 3 : 13) {
      for (const height of [1, 2, 3, 5, 9, 17, 24, 33, 50, 80]) {
        const lines = picture(state.view, width, height)
        const widest = Math.max(0, ...lines.map(widthOf))
        if (lines.length > height || widest > width) wrong ||= `${width}×${height}: ${widest}×${lines.length}`
      }
    }
  }
  t.equal(wrong, '')
  t.match(drawn(80, 1)[0], /^orders-1 .* live$/)
  t.same(picture(watching().view, 0, 0), [])
})

t.test('figures stand whole or not at all', async (t) => {
  const all = new Set(drawn(400, 100).join(' ').split(/ +/))
  const wide = new Set([...all, ...drawn(400, 100, watching(busyStats(), 'l')).join(' ').split(/ +/)])
  const cut: string[] = []
  for (let width = 30; width <= 200; width += 3) {
    for (const line of drawn(width, 24)) {
      const words = line.split(/ +/).filter((word) => /^[\w.%/-]+$/.test(word) && /\d/.test(word))
      cut.push(...words.filter((word) => !wide.has(word) && !/^\d+[ms]$/.test(word)))
    }
  }
  t.same([...new Set(cut)], [])
})

t.test('every percentile of every lane fits into 80×24', async (t) => {
  const lines = drawn(80, 24, watching(busyStats(), 'l'))
  t.equal(lines.length, 24)
  t.match(lineWith(lines, 'stage', 'count'), /lane +rate\/s +stage +count +p50 +p90 +p99 +p99\.9 +max/)
  t.match(lineWith(lines, '1.20M', 'routing'), /^ +3 +1\.20M +routing +1\.20M +80µs +160µs +640µs +2\.40ms +4\.88ms$/)
  t.equal(lines.filter((line) => / (routing|delivery) +[\d–]/.test(line.slice(0, 30))).length, 16)
  t.match(drawn(80, 30, watching(busyStats(), 'll')), drawn(80, 30), 'and back')
})

t.test('what keys do is told', async (t) => {
  const lines = drawn(80, 24, watching(busyStats(), '?'))
  for (const key of ['q', 's', 'S', 'l', 'space'])
    t.ok(
      lines.some((line) => line.startsWith(`${key} `)),
      key,
    )
  t.match(lineWith(lines, 'burn '), /faster than allowed/)
  t.notOk(lines.some((line) => line.startsWith('lane  rate')))
})

t.test('before the first figures, and while there is no connection', async (t) => {
  const state = new TopState(URL_SHOWN, true)
  state.link = { isLive: false, says: 'reconnecting: ECONNREFUSED' }
  const [first, ...rest] = drawn(80, 24, state)
  t.match(first, /^sluice top {2}ws:\/\/127\.0\.0\.1:7400 +reconnecting: ECONNREFUSED$/)
  t.match(rest.join(' '), /Waiting for the first figures/)
  const lost = watching()
  lost.link = { isLive: false, says: 'reconnecting: code 1006' }
  t.match(drawn(80, 24, lost)[0], /^orders-1 .* reconnecting: code 1006$/, 'with the figures that were')
})

t.test('names cannot steer the terminal, nor hide', async (t) => {
  const evil = '\u001b[2Jroot\u0007\u202e\u200b\u2028\n\u009b1m\ud800'
  const [slow] = busyStats().slow
  const stats = busyStats({
    server: { ...busyStats().server, name: evil, software: evil },
    slow: [{ ...slow, name: evil, address: evil }],
    bottleneck: { ...busyStats().bottleneck, says: evil },
    anomalies: [{ stage: 'routing', p99Ms: 1, usualMs: 1, score: 1, says: evil }],
    slos: [sloStats(evil)],
    classes: [{ name: evil, topics: evil, routing: percentiles(1), delivery: null }],
    drops: [{ reason: evil, rate: 1, total: 1 }],
    connections: { [evil]: 3 },
  })
  for (const [width, height] of [
    [80, 24],
    [200, 50],
  ]) {
    const text = drawn(width, height, watching(stats)).join('')
    t.notMatch(text, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}]/u)
    t.match(text, '\\x1b[2Jroot\\x07\\u{202e}\\u{200b}\\u{2028}\\n\\x9b1m\\u{d800}')
  }
})
