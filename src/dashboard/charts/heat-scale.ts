import { HEAT_FIRST_MS } from '../../observe/stats.js'

/** Where a bucket ends, milliseconds. */
export function bucketEndMs(bucket: number): number {
  return HEAT_FIRST_MS * 2 ** (bucket / 2)
}
