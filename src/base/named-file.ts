import { readFileSync, statSync } from 'node:fs'
import { causeOf } from './cause.js'

/**
 * The content of a file that an option of the configuration names.
 * @throws Error with a sentence for the operator, which names the option
 */
export function readNamed(option: string, path: string, bytesMax: number): Buffer {
  try {
    const stat = statSync(path)
    // A pipe would keep the daemon waiting.
    if (!stat.isFile()) throw new Error(`${option}: ${path} is not a file`)
    if (stat.size > bytesMax) throw new Error(`${option}: ${path} is too large to be one (${stat.size} bytes)`)
    return readFileSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    if (code === 'ENOENT') throw new Error(`${option}: there is no file ${path}`)
    if (code !== 'EACCES' && code !== 'EPERM') throw new Error(`${option}: ${path} cannot be read: ${causeOf(error)}`)
    const user = process.geteuid === undefined ? 'the user of this process' : `user ${process.geteuid()}`
    throw new Error(`${option}: ${path} may not be read by ${user}; mind the folders above it, too`)
  }
}
