import { NUMBER_BYTES, type Owner, type Site, type Sum, sumOf } from './profile.js'

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

/** By one delivery. */
export function eachOf({ deliveries, sites }: EventAllocation, ...owners: readonly Owner[]): Sum {
  const { bytes, objects, numbers } = sumOf(sites, ...owners)
  return { bytes: bytes / deliveries, objects: objects / deliveries, numbers: numbers / deliveries }
}

/** How much two measurements are compared by. */
export function weightOf(allocation: EventAllocation, ...owners: readonly Owner[]): number {
  const { bytes, numbers } = eachOf(allocation, ...owners)
  return bytes + numbers * NUMBER_BYTES
}

/** The largest sites, as they are told. */
export function sitesText({ deliveries, sites }: EventAllocation, most: number, ...owners: readonly Owner[]): string[] {
  const told = sites.filter(({ owner }) => owners.includes(owner)).slice(0, most)
  const perThousand = (count: number) => ((count * 1000) / deliveries).toFixed(1)
  return told.map(
    ({ name, bytes, objects, numbers }) =>
      `${name}: ${perThousand(objects)} objects of ${(bytes / Math.max(1, objects)).toFixed(0)} bytes and ${perThousand(numbers)} numbers for 1,000 deliveries`,
  )
}
