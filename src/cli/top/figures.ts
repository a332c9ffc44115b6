/** Figures in few columns, for tables: three digits that matter, and the unit beside them. */

const NONE = '–'

function threeDigits(value: number): string {
  if (value >= 99.95) return Math.round(value).toString()
  return value.toFixed(value >= 9.995 ? 1 : 2)
}

/** `units[0]` is that of the value; each next one is `step` times the one before. */
function scaled(value: number, step: number, units: readonly string[]): string {
  let left = Math.abs(value)
  let unit = 0
  while (left >= step * 0.9995 && unit < units.length - 1) {
    left /= step
    unit++
  }
  const digits = unit === 0 && Number.isInteger(left) ? String(left) : threeDigits(left)
  return `${value < 0 ? '-' : ''}${digits}${units[unit]}`
}

/** 1.23M */
export function count(value: number): string {
  if (!Number.isFinite(value)) return NONE
  if (Math.abs(value) < 10) return String(Math.round(value * 10) / 10)
  return scaled(Math.round(value), 1000, ['', 'k', 'M', 'G', 'T'])
}

/** 1.50MiB */
export function bytes(value: number): string {
  return Number.isFinite(value) ? scaled(Math.round(value), 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB']) : NONE
}

/** A time in milliseconds as 21µs, 1.20ms, 3.40s. */
export function time(ms: number): string {
  if (!Number.isFinite(ms)) return NONE
  if (ms < 0.9995) return `${Math.round(ms * 1000)}µs`
  if (ms < 999.5) return `${threeDigits(ms)}ms`
  return ms < 120_000 ? `${threeDigits(ms / 1000)}s` : age(ms / 1000)
}

/** A figure of the above without digits that say nothing: 1.80M as 1.8M, 1.00ms as 1ms. */
export function short(figure: string): string {
  return figure.replace(/(\.\d*?)0+(?=\D|$)/, '$1').replace(/\.(?=\D|$)/, '')
}

/** Seconds as the two units that matter: 12s, 3m 05s, 4h 12m, 3d 04h. */
export function age(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const two = (value: number): string => String(value).padStart(2, '0')
  if (whole < 60) return `${whole}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`
  return `${Math.floor(whole / 86_400)}d ${two(Math.floor((whole % 86_400) / 3600))}h`
}

/** A share of one as 68%. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return NONE
  const value = share * 100
  if (value !== 0 && Math.abs(value) < 0.95) return `${value.toFixed(1)}%`
  return `${Math.round(value)}%`
}

/** An objective such as 0.999, with all its digits: 99.9%. */
export function objective(share: number): string {
  return `${Number((share * 100).toPrecision(12))}%`
}

/** A factor such as a burn rate: 0.12, 1.4, 14. */
export function factor(value: number): string {
  if (!Number.isFinite(value)) return NONE
  if (value === 0) return '0'
  if (value < 0.005) return '<.01'
  return value < 0.995 ? value.toFixed(2) : value < 9.95 ? value.toFixed(1) : count(Math.round(value))
}
