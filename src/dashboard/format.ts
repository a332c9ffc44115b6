/** Numbers as people read them: three digits and a unit. What is not known is a dash. */
export const UNKNOWN = '–'

/** Between a number and its unit, which stay together. */
const SPACE = '\u00a0'

type Step = readonly [from: number, unit: string]

const COUNTS: readonly Step[] = [
  [1e9, `${SPACE}G`],
  [1e6, `${SPACE}M`],
  [1e3, `${SPACE}k`],
  [0, ''],
]

const BYTES: readonly Step[] = [
  [1024 ** 3, `${SPACE}GiB`],
  [1024 ** 2, `${SPACE}MiB`],
  [1024, `${SPACE}KiB`],
  [0, `${SPACE}B`],
]

const TIMES_MS: readonly Step[] = [
  [60_000, `${SPACE}min`],
  [1000, `${SPACE}s`],
  [1, `${SPACE}ms`],
  [0.001, `${SPACE}µs`],
]

/** 999.6 is written as 1000, and belongs to the next unit then. */
const ROUNDED_UP = 0.9995

function stepped(value: number, steps: readonly Step[]): string {
  const size = Math.abs(value)
  for (const [from, unit] of steps) {
    if (size >= from * ROUNDED_UP) return `${digits(from === 0 ? value : value / from)}${unit}`
  }
  return `${digits(value / steps[steps.length - 1][0])}${steps[steps.length - 1][1]}`
}

function digits(value: number): string {
  const size = Math.abs(value)
  if (size >= 99.95) return value.toFixed(0)
  if (size >= 9.995) return trimmed(value.toFixed(1))
  return trimmed(value.toFixed(2))
}

/** 1.50 says no more than 1.5. */
function trimmed(text: string): string {
  return text.replace(/\.?0+$/, '')
}

function known(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

export function count(value: number | null | undefined): string {
  return known(value) ? stepped(value, COUNTS) : UNKNOWN
}

export function rate(value: number | null | undefined): string {
  return known(value) ? `${count(value)}/s` : UNKNOWN
}

export function bytes(value: number | null | undefined): string {
  return known(value) ? stepped(value, BYTES) : UNKNOWN
}

export function byteRate(value: number | null | undefined): string {
  return known(value) ? `${bytes(value)}/s` : UNKNOWN
}

/** A short time, given in milliseconds. */
export function latency(ms: number | null | undefined): string {
  if (!known(ms)) return UNKNOWN
  return ms === 0 ? '0' : stepped(ms, TIMES_MS)
}

/** Of a share, 1 being the whole. */
export function percent(share: number | null | undefined): string {
  return known(share) ? `${digits(share * 100)}${SPACE}%` : UNKNOWN
}

/** An objective such as 0.999: with all the digits it has. */
export function objective(share: number): string {
  return `${Number((share * 100).toPrecision(8))}${SPACE}%`
}

/** What came of it: rounded down, so that 99.9996 % is never called all. */
export function achieved(share: number): string {
  return `${Math.floor(share * 1e5) / 1e3}${SPACE}%`
}

const DAY_S = 86_400
const HOUR_S = 3600
const MINUTE_S = 60

/** A long time, in its two largest units. */
export function duration(seconds: number): string {
  if (!known(seconds)) return UNKNOWN
  const s = Math.max(0, Math.floor(seconds))
  if (s >= DAY_S) return joined(Math.floor(s / DAY_S), 'd', Math.floor((s % DAY_S) / HOUR_S), 'h')
  if (s >= HOUR_S) return joined(Math.floor(s / HOUR_S), 'h', Math.floor((s % HOUR_S) / MINUTE_S), 'min')
  if (s >= MINUTE_S) return joined(Math.floor(s / MINUTE_S), 'min', s % MINUTE_S, 's')
  return `${s}${SPACE}s`
}

function joined(first: number, firstUnit: string, second: number, secondUnit: string): string {
  return second === 0 ? `${first}${SPACE}${firstUnit}` : `${first}${SPACE}${firstUnit} ${second}${SPACE}${secondUnit}`
}

/** The reader's own time of day. */
export function clock(atMs: number): string {
  const date = new Date(atMs)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

export function clockShort(atMs: number): string {
  return clock(atMs).slice(0, 5)
}
