import { type Owner, type Site, sumOf } from './profile.js'

/** What was allocated for some deliveries: events times receivers. */
export interface EventAllocation {
  readonly deliveries: number
  readonly sites: readonly Site[]
  /** All that the heap has taken, in bytes, found without samples; and collections. */
  readonly bytes: number
  readonly collections: number
}

/** Two measurements that differ by this many bytes a delivery are alike. */
export const ALIKE_BYTES = 0.3

export function bytesADelivery({ deliveries, sites }: EventAllocation, ...owners: readonly Owner[]): number {
  return sumOf(sites, ...owners).bytes / deliveries
}

export function objectsAThousand({ deliveries, sites }: EventAllocation, ...owners: readonly Owner[]): number {
  return (sumOf(sites, ...owners).objects * 1000) / deliveries
}

/** The largest sites, as they are told. */
export function sitesText({ deliveries, sites }: EventAllocation, most: number, ...owners: readonly Owner[]): string[] {
  const told = sites.filter(({ owner }) => owners.includes(owner)).slice(0, most)
  return told.map(
    ({ name, bytes, objects }) =>
      `${name}: ${((objects * 1000) / deliveries).toFixed(1)} objects for 1,000 deliveries, ${(bytes / deliveries).toFixed(2)} bytes each`,
  )
}
