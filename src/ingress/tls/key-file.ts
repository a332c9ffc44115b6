import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  fsync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { causeOf } from '../../base/cause.js'

/** What Node's setTicketKeys takes: 16 bytes of name, 16 for HMAC, 16 for AES. */
export const KEY_BYTES = 48
/** Others than the owner could read what was recorded of connections. */
const MODE = 0o600
const MODE_FORBIDDEN = 0o077
const FILE_BYTES_MAX = 4096
const OPTION = 'tls.ticket_key_file'
const KIND = 'TLS session ticket key of sluice'

export interface KeptKey {
  readonly key: Buffer
  /** Milliseconds since 1970: the schedule goes on after a restart. */
  readonly madeAt: number
  /** Counts up with each rotation. */
  readonly generation: number
}

interface Content {
  kind: string
  generation: number
  made: string
  key: string
}

/**
 * @returns null when there is no such file
 * @throws Error with a sentence for the operator when it cannot or must not be used
 */
export function readKeyFile(path: string): KeptKey | null {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new Error(`${OPTION}: ${path} cannot be read: ${causeOf(error)}`)
  }
  try {
    const stats = fstatSync(file)
    const { mode, size } = stats
    if (!stats.isFile()) throw new Error(`${OPTION}: ${path} is not a file`)
    if ((mode & MODE_FORBIDDEN) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0')
      throw new Error(
        `${OPTION}: ${path} may be read or written by others (mode ${octal}): they could read what is sent; chmod 600 it, or delete it for a new key`,
      )
    }
    if (size > FILE_BYTES_MAX) throw malformed(path)
    return parse(path, readFileSync(file, 'utf8'))
  } finally {
    closeSync(file)
  }
}

/** Makes the file with a new key; when somebody else makes it at the same time, both have the same one. */
export function createKeyFile(path: string): KeptKey {
  return explained(path, () => {
    const { temporary, file } = openTemporary(path, 0)
    try {
      fsyncSync(file)
      link(temporary, path)
    } finally {
      closeSync(file)
      unlinkSync(temporary)
    }
    return readKeyFile(path) as KeptKey
  })
}

/**
 * Replaces a key that is too old, unless somebody else does. There is no lock that could be left behind: the next key is first linked under
 * a name that only one can make, then whoever finds that name moves it into place.
 * @param done is told the key that is in the file now, or what is in the way, in a sentence for the operator
 */
export function rotateKeyFile(
  path: string,
  from: KeptKey,
  done: (problem: Error | null, kept: KeptKey | null) => void,
): void {
  let opened: { temporary: string; file: number }
  try {
    opened = explained(path, () => openTemporary(path, from.generation + 1))
  } catch (problem) {
    done(problem as Error, null)
    return
  }
  const { temporary, file } = opened
  // The disk may take its time; nothing waits for it.
  fsync(file, (failed) => {
    closeSync(file)
    try {
      const kept = explained(path, () => {
        if (failed !== null) throw failed
        return moveIntoPlace(path, temporary, from)
      })
      done(null, kept)
    } catch (problem) {
      done(problem as Error, null)
    } finally {
      unlink(temporary)
    }
  })
}

function moveIntoPlace(path: string, temporary: string, from: KeptKey): KeptKey {
  const next = `${path}.${from.generation + 1}`
  const isOurs = link(temporary, next)
  try {
    readKeyFile(next)
  } catch (error) {
    unlink(next)
    throw error
  }
  const now = readKeyFile(path)
  if (now !== null && !now.key.equals(from.key)) {
    if (isOurs) unlink(next)
    return now
  }
  try {
    renameSync(next, path)
  } catch (error) {
    // The other one was faster.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return readKeyFile(path) as KeptKey
}

/** A file beside the other with a new key in it. */
function openTemporary(path: string, generation: number): { temporary: string; file: number } {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  const content: Content = {
    kind: KIND,
    generation,
    made: new Date().toISOString(),
    key: randomBytes(KEY_BYTES).toString('base64'),
  }
  const file = openSync(temporary, 'wx', MODE)
  try {
    writeSync(file, `${JSON.stringify(content)}\n`)
  } catch (error) {
    closeSync(file)
    unlink(temporary)
    throw error
  }
  return { temporary, file }
}

/** @returns whether the name was free */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function unlink(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Somebody else did, or moved it.
  }
}

function parse(path: string, text: string): KeptKey {
  let content: Partial<Content> | null
  try {
    content = JSON.parse(text) as Partial<Content> | null
  } catch {
    throw malformed(path)
  }
  const { kind, generation, made, key } = content ?? {}
  if (kind !== KIND || typeof key !== 'string' || typeof made !== 'string') throw malformed(path)
  const bytes = Buffer.from(key, 'base64')
  const madeAt = Date.parse(made)
  if (bytes.length !== KEY_BYTES || Number.isNaN(madeAt)) throw malformed(path)
  if (typeof generation !== 'number' || !Number.isSafeInteger(generation) || generation < 0) throw malformed(path)
  return { key: bytes, madeAt, generation }
}

function malformed(path: string): Error {
  return new Error(`${OPTION}: ${path} does not hold a ticket key as sluice writes it; delete it for a new one`)
}

/** Adds the option and the file to what the file system says. */
function explained<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    throw new Error(`${OPTION}: ${path} cannot be written: ${causeOf(error)}`)
  }
}
