import { open, readFile, rename } from 'node:fs/promises'
import type { SloSettings } from '../settings.js'
import type { SavedRing } from './history.js'

const VERSION = 1
/** Far beyond what all objectives that there can be need. */
const BYTES_MAX = 64 * 1024 * 1024
const RINGS = 3

/** What is kept of one objective: its counts hold as long as it asks the same question. */
export interface SavedObjective extends Pick<SloSettings, 'name' | 'topics' | 'stage' | 'thresholdMs'> {
  readonly rings: readonly SavedRing[]
}

export interface SavedState {
  /** Milliseconds since 1970, by the clock that the counts go by. */
  readonly savedAt: number
  readonly slos: readonly SavedObjective[]
}

/** The file that keeps counts over a restart. Written beside itself and renamed: whoever reads it, after whatever crash, finds the old counts or the new. */
export class StateFile {
  constructor(private readonly path: string) {}

  /** Null when there is none yet. @throws Error with a sentence, when there is one that cannot be used */
  async read(): Promise<SavedState | null> {
    let text: string
    try {
      text = await readFile(this.path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    }
    if (text.length > BYTES_MAX) throw new Error(`is longer than ${BYTES_MAX} bytes`)
    const value: unknown = JSON.parse(text)
    if (!isState(value)) throw new Error('is not what this version of sluice writes')
    return value
  }

  /** @throws Error when it cannot be written */
  async write(state: SavedState): Promise<void> {
    const beside = `${this.path}.new`
    const file = await open(beside, 'w', 0o600)
    try {
      await file.writeFile(`${JSON.stringify({ version: VERSION, ...state })}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, this.path)
  }

  /** Puts a file that cannot be used out of the way, for somebody to look at. */
  async setAside(): Promise<void> {
    await rename(this.path, `${this.path}.bad`)
  }
}

function isState(value: unknown): value is SavedState {
  if (!isRecord(value) || value.version !== VERSION || !isNumber(value.savedAt) || !Array.isArray(value.slos))
    return false
  return value.slos.every(
    (slo) =>
      isRecord(slo) &&
      typeof slo.name === 'string' &&
      typeof slo.topics === 'string' &&
      typeof slo.stage === 'string' &&
      isNumber(slo.thresholdMs) &&
      Array.isArray(slo.rings) &&
      slo.rings.length === RINGS &&
      slo.rings.every(isRing),
  )
}

function isRing(value: unknown): value is SavedRing {
  if (!isRecord(value) || !Number.isSafeInteger(value.newest) || (value.newest as number) < 0) return false
  const { good, total } = value
  if (!Array.isArray(good) || !Array.isArray(total) || good.length !== total.length) return false
  return total.every((count, i) => isNumber(count) && isNumber(good[i]) && good[i] <= count)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
