import { open } from 'node:fs/promises'
import { FileWatch } from '../base/file-watch.js'
import { readNamed } from '../base/named-file.js'
import type { SecurityLog } from './settings.js'

const OPTION = 'auth.revoked_file'
/** As ids in tokens are, and hashes of tokens: one word of printable ASCII. */
const ID = /^[!-~]{1,256}$/
/** A million ids and more. */
const FILE_BYTES_MAX = 64 * 1_048_576
const COMMENT = '#'
const LINE_END = 0x0a
/** For the daemon, and for those of its group to look at. */
const MODE = 0o640

/** Ids of tokens that are not accepted any more, as a file has them: one a line, # for comments. */
export class Revocations {
  /** @throws Error with a sentence for the operator. A file that is not there has none in it. */
  static open(file: string, log: SecurityLog): Revocations {
    return new Revocations(file, (file === '' ? null : readIds(file)) ?? new Set(), log)
  }

  private watch: FileWatch | null = null
  private onChange: () => void = () => {}
  /** Revoked here, and not in the file: it could not be written, or there is none. */
  private readonly unwritten = new Set<string>()
  private writing: Promise<unknown> = Promise.resolve()

  private constructor(
    private readonly file: string,
    private ids: ReadonlySet<string>,
    private readonly log: SecurityLog,
  ) {}

  /** @param onChange others have been revoked, or some are not any more */
  start(onChange: () => void): void {
    this.onChange = onChange
    if (this.file !== '') this.watch = new FileWatch([this.file], () => this.reread())
  }

  close(): void {
    this.watch?.close()
  }

  get size(): number {
    return this.ids.size + this.unwritten.size
  }

  has(id: string): boolean {
    return this.ids.has(id) || this.unwritten.has(id)
  }

  /** What was revoked here and is in no file goes on to count. */
  takeOver(before: Revocations): void {
    for (const id of before.unwritten) if (!this.ids.has(id)) this.unwritten.add(id)
  }

  /**
   * Counts at once. Resolves when it is in the file.
   * @returns whether it is kept when the daemon ends
   * @throws Error with a sentence for the operator: it counts, and is not kept
   */
  async add(id: string): Promise<boolean> {
    if (this.ids.has(id)) return true
    this.unwritten.add(id)
    if (this.file === '') return false
    const written = this.writing.then(() => append(this.file, id))
    this.writing = written.catch(() => {})
    await written
    this.ids = new Set([...this.ids, id])
    this.unwritten.delete(id)
    return true
  }

  private reread(): void {
    let ids: ReadonlySet<string> | null
    try {
      ids = readIds(this.file)
    } catch (error) {
      this.log('error', `${(error as Error).message}; what was revoked before stays revoked`)
      return
    }
    const { ids: before } = this
    if (ids === null) {
      // It may be on its way: nobody is let in again because a file is moved.
      if (before.size > 0) this.log('warn', `${OPTION}: ${this.file} has gone; what was revoked stays revoked`)
      return
    }
    if (ids.size === before.size && [...ids].every((id) => before.has(id))) return
    this.ids = ids
    this.log('info', 'revoked tokens', { revoked: this.size })
    this.onChange()
  }
}

export function isTokenId(text: string): boolean {
  return ID.test(text) && !text.startsWith(COMMENT)
}

/** null when there is no such file. */
function readIds(file: string): Set<string> | null {
  let text: string
  try {
    text = readNamed(OPTION, file, FILE_BYTES_MAX).toString('utf8')
  } catch (error) {
    if ((error as Error).message === `${OPTION}: there is no file ${file}`) return null
    throw error
  }
  const ids = new Set<string>()
  for (const [index, line] of text.split('\n').entries()) {
    const id = line.trim()
    if (id === '' || id.startsWith(COMMENT)) continue
    if (!ID.test(id))
      throw new Error(`${OPTION}: ${file}:${index + 1} is no id of a token: one word of up to 256 printable characters`)
    ids.add(id)
  }
  return ids
}

/** One line in one write at the end: others may write there, too. */
async function append(file: string, id: string): Promise<void> {
  try {
    const handle = await open(file, 'a+', MODE)
    try {
      const { size } = await handle.stat()
      const last = Buffer.alloc(1, LINE_END)
      if (size > 0) await handle.read(last, 0, 1, size - 1)
      await handle.write(`${last[0] === LINE_END ? '' : '\n'}${id}\n`)
      await handle.datasync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw new Error(`${OPTION}: ${file} cannot be written: ${(error as Error).message}`)
  }
}
