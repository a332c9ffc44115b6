import { readFileSync, statSync } from 'node:fs'
import { causeOf } from '../base/cause.js'

/** What somebody has to keep is short; a set of keys, and a list of ids, are a little longer. */
const FILE_BYTES_MAX = 64 * 1024 * 1024

/**
 * The content of a file that the configuration names.
 * @throws Error with a sentence for the operator, which names the option
 */
export function readNamed(option: string, path: string): Buffer {
  try {
    const stat = statSync(path)
    // A pipe would keep the daemon waiting.
    if (!stat.isFile()) throw new Error(`${option}: ${path} is not a file`)
    if (stat.size > FILE_BYTES_MAX) throw new Error(`${option}: ${path} is too large to be one (${stat.size} bytes)`)
    return readFileSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    if (code === 'ENOENT') throw new Error(`${option}: there is no file ${path}`)
    throw new Error(`${option}: ${path} cannot be read: ${causeOf(error)}`)
  }
}
