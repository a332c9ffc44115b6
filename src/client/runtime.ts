/** What the client needs from the place it runs in. Tests hand in a clock, a die and sockets of their own. */
export interface Runtime {
  /** Milliseconds on a clock that never goes back. */
  now(): number
  setTimer(run: () => void, delayMs: number): unknown
  clearTimer(timer: unknown): void
  /** Evenly spread over [0, 1). */
  random(): number
  /** Runs after the code that is running now, before the next turn. */
  defer(run: () => void): void
  openSocket: SocketFactory
}

/**
 * Opens a WebSocket that offers one subprotocol, or what stands in for one. Throws a SyntaxError or TypeError for a URL that can never work; every other
 * failure is told by `events.closed`. No event is called before the factory has returned.
 */
export type SocketFactory = (url: string, subprotocol: string, events: SocketEvents) => ClientSocket

export interface ClientSocket {
  /** Sends whole frames, as one message. The bytes are the caller's again when it returns. Does nothing once the socket closes. */
  send(bytes: Uint8Array): void
  /** Bytes that were sent but have not left the process. */
  bufferedBytes(): number
  /**
   * Stops reading, so that what comes waits with the daemon, by its policies. What has been read already is still told, and an end perhaps only after
   * `resume`. Absent where the platform cannot.
   */
  pause?(): void
  resume?(): void
  /** Starts the closing handshake; what was sent goes out first. */
  close(code: number, reason: string): void
  /** Cuts the connection without a handshake. */
  terminate(): void
}

export interface SocketEvents {
  opened(): void
  /** One or more whole frames. The bytes are the receiver's to keep. */
  received(bytes: Uint8Array): void
  receivedText(): void
  /** `bufferedBytes()` has fallen; called at least once after it fell below SOCKET_BYTES_MAX from above. */
  drained(): void
  /** Exactly once, last. */
  closed(closed: Closed): void
}

/** Why a connection ended, or could not be made. */
export interface Closed {
  /** A WebSocket close code (RFC 6455, section 7.4), or one of the protocol's table. 1006: cut, or never opened. */
  readonly code: number
  readonly reason: string
  /** Whether the same may succeed later. */
  readonly mayRetry: boolean
  /** The error of the platform, where there is one. */
  readonly cause?: unknown
}

/**
 * Bytes handed to the socket and not yet gone above which nothing more is handed over: enough to keep a fast link busy, and the less lies here, the
 * less a more urgent event has to wait behind, and the fewer events are in doubt when the connection breaks.
 */
export const SOCKET_BYTES_MAX = 256 * 1024
/** Longest message that is accepted from the daemon: bounds what a broken peer can make us hold. */
export const RECEIVE_BYTES_MAX = 64 * 1024 * 1024

/** The parts of a runtime that are the same in Node and in browsers. */
export const commonRuntime: Omit<Runtime, 'openSocket'> = {
  now: () => performance.now(),
  setTimer: (run, delayMs) => setTimeout(run, delayMs),
  clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  random: Math.random,
  defer: (run) => queueMicrotask(run),
}
