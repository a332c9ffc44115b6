/** Sizes are powers of 1024 only: "64KB" is read by half of the world as 64,000, so it is refused with a hint. */
const SIZE_UNITS: readonly (readonly [name: string, bytes: number])[] = [
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['B', 1],
]
const TIME_UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]
const FINE_TIME_UNITS: readonly (readonly [name: string, ms: number])[] = [...TIME_UNITS, ['us', 0.001]]

const NS_PER_MS = 1_000_000

export const SIZE_PATTERN = /^[0-9]+(\.[0-9]+)?(B|KiB|MiB|GiB)$|^[0-9]+$/
export const DURATION_PATTERN = /^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$|^0$/
export const FINE_DURATION_PATTERN = /^[0-9]+(\.[0-9]+)?(us|ms|s|m|h|d)$/

/** @returns bytes of "64KiB", "1.5MiB" or "4096"; null when it is not a size or not a whole number of bytes. */
export function parseBytes(text: string): number | null {
  return SIZE_PATTERN.test(text) ? scaled(text, SIZE_UNITS) : null
}

/** @returns milliseconds of "500ms", "10s", "2m", "1.5h", "1d" or "0"; null when it is not a duration or not whole milliseconds. */
export function parseMs(text: string): number | null {
  return DURATION_PATTERN.test(text) ? scaled(text, TIME_UNITS) : null
}

/** @returns milliseconds of "250us", "1.5ms" or "2s", fractions of them included; null when it is not a duration or not whole nanoseconds. */
export function parseFineMs(text: string): number | null {
  if (!FINE_DURATION_PATTERN.test(text)) return null
  const [, digits, unit] = /^([0-9.]+)(.*)$/.exec(text)!
  const ns = Number(digits) * FINE_TIME_UNITS.find(([name]) => name === unit)![1] * NS_PER_MS
  const whole = Math.round(ns)
  // 0.07 × 1,000,000 is not quite 70,000 in binary: closer than a thousandth of a nanosecond is whole.
  return Number.isSafeInteger(whole) && Math.abs(ns - whole) < 1e-3 ? whole / NS_PER_MS : null
}

/** The shortest text that parseFineMs reads back, up to hours: 0.25 → "250us". */
export function formatMs(ms: number): string {
  const [name, factor] =
    TIME_UNITS.find(([, unit]) => ms >= unit && ms % unit === 0) ?? (ms >= 1 ? ['ms', 1] : FINE_TIME_UNITS.at(-1)!)
  return `${Number((ms / factor).toPrecision(12))}${name}`
}

/** The shortest text that parseBytes reads back: 65536 → "64KiB". */
export function formatBytes(bytes: number): string {
  const [name, factor] =
    SIZE_UNITS.find(([, unit]) => bytes >= unit && bytes % unit === 0) ?? SIZE_UNITS[SIZE_UNITS.length - 1]!
  return `${bytes / factor}${name}`
}

/** What "64 kb", "64K" or "1 mib" was meant to be; null when even the intent is unclear. */
export function guessSize(text: string): string | null {
  const parts = /^\s*([0-9]+(?:\.[0-9]+)?)\s*([kmg]?)i?b?(?:ytes?)?\s*$/i.exec(text)
  if (parts === null) return null
  const unit = parts[2] === '' ? 'B' : `${parts[2]!.toUpperCase()}iB`
  return `${parts[1]}${unit}`
}

const UNITS_MEANT: { readonly [unit: string]: string } = { milli: 'ms', micro: 'us', µs: 'us', μs: 'us' }

/** What "10 sec", "2min" or "30 S" was meant to be; null when even the intent is unclear. */
export function guessDuration(text: string): string | null {
  const parts = /^\s*([0-9]+(?:\.[0-9]+)?)\s*(us|µs|μs|micro|ms|milli|s|m|h|d)[a-z]*\s*$/i.exec(text)
  if (parts === null) return null
  const unit = parts[2]!.toLowerCase()
  return `${parts[1]}${UNITS_MEANT[unit] ?? unit}`
}

function scaled(text: string, units: readonly (readonly [string, number])[]): number | null {
  const digits = /^[0-9.]+/.exec(text)![0]
  const name = text.slice(digits.length)
  const factor = name === '' ? 1 : units.find(([unit]) => unit === name)![1]
  const value = Number(digits) * factor
  return Number.isSafeInteger(value) ? value : null
}
