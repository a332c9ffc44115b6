import { FileWatch } from '../base/file-watch.js'
import { readNamed } from '../base/named-file.js'
import { secretBytesMin } from './algorithms.js'
import { fetchKeySet } from './fetch-keys.js'
import { findKey, type KeySet, parseKeySet, secretKey, type VerifyKey } from './key-set.js'
import type { SecurityLog, SecuritySettings } from './settings.js'

/** A set of many keys, or a secret. */
const FILE_BYTES_MAX = 1_048_576
/** The issuer is asked again for a key that is not known, but so often at most: whoever knocks decides what key they name. */
const ASKED_MAX = 3
const ASKED_WITHIN_MS = 30_000
/** After a failure; doubled with each that follows. */
const RETRY_FIRST_MS = 1000
const RETRY_LAST_MS = 60_000

/** What happened to the keys of the issuer. */
export interface KeyMeters {
  /** Times that they were read, from file or URL, and that they could not be. */
  read: number
  failed: number
  /** Milliseconds since 1970; 0: never. */
  readAt: number
}

type JwtSettings = SecuritySettings['jwt']

/** The keys of the issuer, kept as they are where they come from. What was read last is used while it cannot be read again. */
export class KeyRing {
  /**
   * Reads what is in files. Starts nothing.
   * @param before whose keys of the same URL are used until they are read again
   * @throws Error with a sentence for the operator
   */
  static async open(
    jwt: JwtSettings,
    meters: KeyMeters,
    log: SecurityLog,
    before: KeyRing | null = null,
  ): Promise<KeyRing> {
    const ring = new KeyRing(jwt, meters, log)
    if (jwt.secretFile !== '') ring.secret = readSecret(jwt)
    if (jwt.jwksFile !== '') ring.take(await readSet(jwt.jwksFile))
    if (jwt.jwksUrl !== '' && before?.jwt.jwksUrl === jwt.jwksUrl) {
      ring.set = before.set
      ring.isStale = before.isStale
    }
    return ring
  }

  /** Whether the last attempt to read them has failed, or none has been made yet. */
  isStale: boolean
  private secret: VerifyKey | null = null
  private set: readonly VerifyKey[] = []
  private watch: FileWatch | null = null
  private refreshing: Promise<void> | null = null
  private retryMs = RETRY_FIRST_MS
  private next: NodeJS.Timeout | null = null
  private asked: number[] = []
  private onChange: () => void = () => {}
  private readonly closing = new AbortController()

  private constructor(
    private readonly jwt: JwtSettings,
    private readonly meters: KeyMeters,
    private readonly log: SecurityLog,
  ) {
    this.isStale = jwt.jwksUrl !== ''
  }

  /** Follows what happens to the keys from now on. @param onChange keys have come or gone */
  start(onChange: () => void): void {
    this.onChange = onChange
    const { jwksFile, jwksUrl } = this.jwt
    if (jwksFile !== '') this.watch = new FileWatch([jwksFile], () => void this.refresh())
    if (jwksUrl !== '') void this.refresh()
  }

  close(): void {
    this.closing.abort()
    this.watch?.close()
    if (this.next !== null) clearTimeout(this.next)
  }

  /** null: there is none, or it cannot be said which. */
  find(algorithm: string, kid: string | undefined): VerifyKey | null {
    return findKey(this.all, algorithm, kid)
  }

  /** Whether a key is still one. */
  has(id: string): boolean {
    return this.all.some((key) => key.id === id)
  }

  /** A key is asked for that is not there. @returns once it may be, or null when nobody is to be asked just now */
  seek(): Promise<void> | null {
    if (this.jwt.jwksUrl === '') return null
    if (this.refreshing !== null) return this.refreshing
    const now = performance.now()
    this.asked = this.asked.filter((at) => now - at < ASKED_WITHIN_MS)
    if (this.asked.length === ASKED_MAX) return null
    this.asked.push(now)
    return this.refresh()
  }

  private get all(): readonly VerifyKey[] {
    return this.secret === null ? this.set : [this.secret, ...this.set]
  }

  private refresh(): Promise<void> {
    this.refreshing ??= this.read().finally(() => {
      this.refreshing = null
    })
    return this.refreshing
  }

  private async read(): Promise<void> {
    const { jwksFile, jwksUrl, jwksRefreshMs } = this.jwt
    if (this.next !== null) clearTimeout(this.next)
    let waitMs = jwksRefreshMs
    try {
      this.take(jwksUrl === '' ? await readSet(jwksFile) : await this.fetchSet(jwksUrl))
      this.retryMs = RETRY_FIRST_MS
    } catch (error) {
      if (this.closing.signal.aborted) return
      this.meters.failed++
      this.isStale = true
      waitMs = this.retryMs
      this.retryMs = Math.min(RETRY_LAST_MS, 2 * this.retryMs)
      const kept = this.set.length === 0 ? 'there are none' : 'those read before stay in use'
      this.log('warn', `${(error as Error).message}; of its keys ${kept}`)
    }
    if (jwksUrl !== '' && !this.closing.signal.aborted)
      this.next = setTimeout(() => void this.refresh(), waitMs).unref()
  }

  private async fetchSet(url: string): Promise<KeySet> {
    try {
      return await parseKeySet(await fetchKeySet(url, this.closing.signal))
    } catch (error) {
      throw new Error(`jwt.jwks_url: ${url}: ${(error as Error).message}`)
    }
  }

  private take({ keys, doubts }: KeySet): void {
    const { meters, log } = this
    meters.read++
    meters.readAt = Date.now()
    this.isStale = false
    const before = this.set
    this.set = keys
    const gone = before.filter(({ id }) => !this.has(id))
    const come = keys.filter(({ id }) => !before.some((key) => key.id === id))
    if (gone.length === 0 && come.length === 0) return
    for (const doubt of doubts) log('warn', `keys of the issuer: ${doubt}`)
    log('info', 'keys of the issuer', {
      keys: keys.length,
      come: come.map(({ kid }) => kid),
      gone: gone.map(({ kid }) => kid),
    })
    this.onChange()
  }
}

async function readSet(file: string): Promise<KeySet> {
  const text = readNamed('jwt.jwks_file', file, FILE_BYTES_MAX).toString('utf8')
  try {
    return await parseKeySet(text)
  } catch (error) {
    throw new Error(`jwt.jwks_file: ${file}: ${(error as Error).message}`)
  }
}

function readSecret({ secretFile, algorithms }: JwtSettings): VerifyKey {
  const content = readNamed('jwt.secret_file', secretFile, FILE_BYTES_MAX)
  // Editors and echo end a line where none was meant.
  const end = content[content.length - 1] === 0x0a ? (content[content.length - 2] === 0x0d ? -2 : -1) : undefined
  const secret = content.subarray(0, end)
  const least = secretBytesMin(algorithms)
  if (secret.length < least) {
    throw new Error(
      `jwt.secret_file: ${secretFile} holds ${secret.length} bytes; ${algorithms.filter((name) => name.startsWith('HS')).join(', ')} need ${least} (RFC 7518, 3.2)`,
    )
  }
  return secretKey(secret)
}
