/** Who is at the other end of a session, for operators. Transports say so; the core does nothing with it. */
export interface Peer {
  /** Name of the listener it came in by; '' when it came by none. */
  readonly listener: string
  /** How it speaks; a short word of a fixed set. */
  readonly transport: string
  /** Address and port as text. May be put together only when it is asked for. */
  readonly address: string
}

/** Of sessions that no transport has said anything about. */
export const NO_PEER: Peer = { listener: '', transport: 'none', address: '' }
