import { guessDuration, guessSize, parseBytes, parseMs } from '../config/units.js'
import { LANES } from '../protocol/ops.js'
import { UsageError } from './command.js'

/** Readers of option values. Each throws a UsageError that names the option and shows what would have been right. */

export function parseCount(option: string, text: string): number {
  const digits = text.replaceAll(/(?<=\d)[_,](?=\d)/g, '')
  const value = /^\d+$/.test(digits) ? Number(digits) : Number.NaN
  if (!Number.isSafeInteger(value) || value < 1)
    throw new UsageError(`${option} ${text}: not a whole number of 1 or more`)
  return value
}

/** Events per second; fractions allowed, so that 0.1 is one every ten seconds. */
export function parseRate(option: string, text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (!(value > 0) || !Number.isFinite(value))
    throw new UsageError(`${option} ${text}: not a number of events per second`)
  return value
}

export function parseLane(option: string, text: string): number {
  if (!/^\d$/.test(text) || Number(text) >= LANES) {
    throw new UsageError(`${option} ${text}: a lane is 0 (most urgent) to ${LANES - 1}`)
  }
  return Number(text)
}

/** Milliseconds. The unit must be said: a bare number would be seconds to some and milliseconds to others. */
export function parseDurationMs(option: string, text: string): number {
  const value = parseMs(text)
  if (value === null || value < 1) {
    const meant = /^\d+$/.test(text) ? `${text}ms or ${text}s` : guessDuration(text)
    throw new UsageError(
      `${option} ${text}: not a time such as 500ms, 10s, 5m${meant === null ? '' : `; say ${meant}`}`,
    )
  }
  return value
}

export function parseSize(option: string, text: string): number {
  const value = parseBytes(text)
  if (value === null || value < 1) {
    const meant = guessSize(text)
    throw new UsageError(
      `${option} ${text}: not a size such as 4096, 256KiB, 1MiB${meant === null ? '' : `; say ${meant}`}`,
    )
  }
  return value
}
