import { readFileSync } from 'node:fs'

/**
 * For all that is no connection: the admin port, files, and connections that are refused or only looked at. The observer thread opens most of its
 * modules at once, some seventy, and may be started again at any time.
 */
const DESCRIPTORS_RESERVED = 192
/** Where there are so many, what the admin port may take at most is reserved, too: nobody who floods it takes those of the bus. */
const DESCRIPTORS_AMPLE = 2048
const ADMIN_CONNECTIONS_MAX = 256

/**
 * How many connections this process can hold. At its limit of descriptors uWebSockets.js tries to accept again and again, with most of a core, and nobody
 * reaches the admin port either, so that limit must never be met.
 * @param warn is told, in a sentence for the operator, when that is less than what is wanted
 */
export function connectionsWithin(
  wanted: number,
  descriptors: number | null,
  warn: (sentence: string) => void,
): number {
  if (descriptors === null) return wanted
  const reserved = DESCRIPTORS_RESERVED + (descriptors < DESCRIPTORS_AMPLE ? 0 : ADMIN_CONNECTIONS_MAX)
  const possible = Math.max(1, descriptors - reserved)
  if (wanted <= possible) return wanted
  warn(
    `listen.connections_max is ${wanted}, but this process may have ${descriptors} open files: at most ${possible} connections are held; raise the limit (ulimit -n, LimitNOFILE) or lower the option`,
  )
  return possible
}

/** Files and sockets that this process may have open; null where that is not known, as on systems without /proc. */
export function descriptorsMax(): number | null {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))
    return soft === null ? null : Number(soft[1])
  } catch {
    return null
  }
}
