import type { Identity } from '../../core/identity.js'
import { Rate } from '../../core/rate.js'
import type { Caller } from '../door.js'

/** Rates that are kept; the one that was asked for longest ago is given up. */
const RATES_MAX = 16_384

/**
 * How fast may be published by requests that end: who makes another request, or another connection for it, has the same rate as before. A user has one, and of
 * the anonymous each address.
 */
export class RequestRates {
  private readonly rates = new Map<string, Rate>()

  /** Null: as fast as it can. */
  of({ rateLimits, user }: Identity, caller: Caller): Rate | null {
    if (rateLimits === null) return null
    const { rates } = this
    const key = user === '' ? caller.address : `user ${user}`
    let rate = rates.get(key)
    const { eventsPerSecond, bytesPerSecond } = rateLimits
    if (
      rate === undefined ||
      rate.limits.eventsPerSecond !== eventsPerSecond ||
      rate.limits.bytesPerSecond !== bytesPerSecond
    ) {
      rate = new Rate(rateLimits)
    }
    rates.delete(key)
    rates.set(key, rate)
    if (rates.size > RATES_MAX) rates.delete(rates.keys().next().value as string)
    return rate
  }
}
