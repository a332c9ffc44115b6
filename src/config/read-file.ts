import { closeSync, openSync, readSync } from 'node:fs'

/** Far beyond any configuration; keeps a device or a log given by mistake from being read for ever. */
const FILE_BYTES_MAX = 1024 * 1024

const REMEDIES: { readonly [code: string]: string } = {
  ENOENT: 'no such file; give the path of a configuration file, or none to run on the defaults',
  EACCES: 'may not be read by this user; change its owner or mode',
  EISDIR: 'is a directory; give the path of the file in it',
}

/** The text of a file (or pipe), or a sentence about why there is none. Never throws. */
export function readConfigFile(path: string): { text: string } | { error: string } {
  let bytes: Buffer
  try {
    bytes = readUpTo(path, FILE_BYTES_MAX + 1)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { error: REMEDIES[code ?? ''] ?? `cannot be read: ${message}` }
  }
  if (bytes.length > FILE_BYTES_MAX)
    return { error: `is longer than ${FILE_BYTES_MAX} bytes: not a configuration file` }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { error: 'is not UTF-8 text; save it as such' }
  }
}

function readUpTo(path: string, bytesMax: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(bytesMax)
    let length = 0
    for (let read = -1; read !== 0 && length < bytesMax; length += read) {
      read = readSync(file, bytes, length, bytesMax - length, null)
    }
    return bytes.subarray(0, length)
  } finally {
    closeSync(file)
  }
}
