const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Warned this long before the end; certificates that live for days only, at this share of their life. */
const STAGES = [
  { beforeMs: 14 * DAY_MS, share: 1 / 3 },
  { beforeMs: DAY_MS, share: 1 / 10 },
  { beforeMs: 0, share: 0 },
] as const

interface Lifetime {
  readonly notBefore: Date
  readonly notAfter: Date
}

/**
 * How far a certificate has come.
 * @returns 0 while nobody needs to know, then 1, 2 and, when it has expired, 3
 */
export function expiryStage({ notBefore, notAfter }: Lifetime, now: number): number {
  const lifeMs = notAfter.getTime() - notBefore.getTime()
  const leftMs = notAfter.getTime() - now
  return STAGES.filter(({ beforeMs, share }) => leftMs <= Math.min(beforeMs, lifeMs * share)).length
}

/** A sentence for the operator. */
export function expirySentence({ notAfter }: Lifetime, now: number, file: string): string {
  const leftMs = notAfter.getTime() - now
  const when = notAfter.toISOString().replace(/\.\d+Z$/, 'Z')
  if (leftMs <= 0) return `the certificate in ${file} has expired (${when}): clients refuse it`
  const left = leftMs < 2 * DAY_MS ? `${Math.floor(leftMs / HOUR_MS)} hours` : `${Math.floor(leftMs / DAY_MS)} days`
  return `the certificate in ${file} expires in ${left} (${when})`
}
