import type { Config } from '../config/index.js'
import { TrustedProxies } from '../ingress/addresses.js'
import type { AdmissionLimits } from '../ingress/admission.js'
import { connectionsWithin, descriptorsMax } from './descriptors.js'

/** @param warn is told, in a sentence for the operator, when fewer connections can be held than are wanted */
export function admissionLimits({ listen, limits }: Config, warn: (sentence: string) => void): AdmissionLimits {
  return {
    connectionsMax: connectionsWithin(listen.connectionsMax, descriptorsMax(), warn),
    connectionsPerAddress: limits.connectionsPerAddress,
    connectsPerSecond: limits.connectsPerSecond,
  }
}

/** @throws Error with a sentence for the operator */
export function trustedProxies({ security }: Config): TrustedProxies {
  try {
    return new TrustedProxies(security.trustedProxies)
  } catch (error) {
    throw new Error(`security.trusted_proxies: ${(error as Error).message}`)
  }
}
