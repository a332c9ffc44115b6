/** What a link's write answers. */
export enum Written {
  /** The transport took the bytes and has nothing waiting. */
  SENT = 1,
  /** The transport took the bytes but could not pass all of them on: write no more until it says so (Router.writable). */
  BUFFERED = 0,
  /** The connection is gone; the bytes were not taken. */
  GONE = 2,
}

/** The transport's side of a session. The core knows nothing else of sockets. */
export interface Link {
  /**
   * Sends whole frames as one message: either events or control frames. The bytes are consumed before it returns; the caller reuses them at once.
   * Must not call back into the core before returning.
   */
  write(frames: Uint8Array): Written
  /** Ends the connection with a code of the table. Router.close is called by the transport when it has ended, perhaps before this returns. */
  end(code: number, reason: string): void
}

/** The link of sessions that are told nothing. */
export const NO_LINK: Link = { write: () => Written.GONE, end: () => {} }
