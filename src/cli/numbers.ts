/** 1,234,567 whatever the locale, so that scripts and people in all places read the same. */
export function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')
}

export function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** A time with the digits that matter. */
export function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
}

/** Events per second over a time, as text; below ten with a decimal. */
export function perSecond(count: number, ms: number): string {
  const rate = ms > 0 ? (count * 1000) / ms : 0
  return `${rate > 0 && rate < 10 ? rate.toFixed(1) : grouped(rate)} events/s`
}
