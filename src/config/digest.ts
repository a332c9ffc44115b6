import { createHash } from 'node:crypto'
import type { Config } from './config.js'

const DIGEST_CHARS = 16

/**
 * 16 hexadecimal digits that tell one effective configuration from another. The order of the sections and options is that of their definitions, so that equal
 * configurations have equal digests.
 */
export function digestOf(config: Config): string {
  return createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, DIGEST_CHARS)
}
