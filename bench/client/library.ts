import type { Reading } from './events.js'

/** A client library, by the calls that its documentation has for this. */
export interface Library {
  /** The package that it is from; null: this checkout. */
  readonly package: string | null
  /** Events that may be under way to the other end: what the library was fastest with. More only wait in its own memory where it has no back-pressure. */
  readonly windowEvents: number
  connect(port: number): Promise<LibraryClient>
}

export interface LibraryClient {
  /** Where the library has back-pressure: false when it wants `ready` to be awaited before more is published. */
  publishBytes(payload: Buffer): boolean
  publishObject(reading: Reading): boolean
  ready(): Promise<void>
  /** Has what was published sent, as far as the library has a call for it. */
  flush(): Promise<void>
  /** Resolves when the server has taken the subscription. */
  receiveBytes(onEvent: (payload: Uint8Array) => void): Promise<void>
  receiveObjects(onEvent: (reading: Reading) => void): Promise<void>
  close(): Promise<void>
}

export const nothingToAwait = (): Promise<void> => Promise.resolve()
