/** A number with its unit, short enough for a table: `8.43 M/s`, `21.4 µs`, `1.2 KiB`. */
export function quantity(value: number, unit: string): string {
  if (unit === 'B' && Math.abs(value) >= 10_240 * 1024) return `${digits(value / 1024 ** 2)} MiB`
  if (unit === 'B') return Math.abs(value) < 10_240 ? `${Math.round(value)} B` : `${(value / 1024).toFixed(1)} KiB`
  if (unit === '/s') return perSecond(value)
  if (unit === '%') return `${value.toFixed(1)} %`
  if (unit === 'µs' && value >= 10_000_000) return `${digits(value / 1e6)} s`
  if (unit === 'µs' && value >= 10_000) return `${digits(value / 1000)} ms`
  return `${digits(value)} ${unit}`
}

function perSecond(value: number): string {
  if (value >= 1e6) return `${digits(value / 1e6)} M/s`
  return value >= 1000 ? `${digits(value / 1e3)} k/s` : `${digits(value)} /s`
}

/** A round number at an axis: without the digits that tell how exact it is. */
export function tickText(value: number, unit: string): string {
  if (value === 0) return '0'
  if (unit === 'µs' && value >= 1000) return tickText(value / 1000, 'ms')
  if (unit === 'ms' && value >= 1000) return tickText(value / 1000, 's')
  if (unit === 'B' && value >= 1e6) return tickText(value / 1e6, 'MB')
  if (unit === 'B' && value >= 1e3) return tickText(value / 1e3, 'kB')
  return quantity(value, unit)
    .replace(/(\.\d*?)0+(?=\s)/, '$1')
    .replace(/\.(?=\s)/, '')
}

/** Three digits that count. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** A count: `12.3 M`. */
export function count(value: number): string {
  if (value >= 1e6) return `${digits(value / 1e6)} M`
  return value >= 1e4 ? `${digits(value / 1e3)} k` : String(value)
}
