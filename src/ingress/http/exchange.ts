import type { Written } from '../../core/link.js'
import type { Peer } from '../../core/peer.js'
import type { Caller } from '../door.js'
import type { Transport } from '../peer.js'

/** Names in lower case. */
export type Headers = Readonly<Record<string, string>>

/** Takes the body of a request as it arrives. */
export interface BodyReceiver {
  /** A part of the body. The bytes hold until this returns. */
  chunk(bytes: Uint8Array): void
  /** All of it has come. */
  end(): void
}

/**
 * One request and its answer: all that the API knows of HTTP. Each carrier has its own: HTTP/1.1 on uWebSockets.js, HTTP/1.1 and
 * HTTP/2 on Node.
 */
export interface HttpExchange extends Caller {
  readonly method: string
  /** As it was sent: percent-encoded, without the query. */
  readonly path: string
  /** Without the question mark; empty when there is none. */
  readonly query: string
  /** Whether the answer may begin while the body is still coming: HTTP/2. */
  readonly isDuplex: boolean

  /** A header of the request by its name in lower case; '' when absent. Only until HttpApi.handle returns. */
  header(name: string): string
  /** All headers of the request, names in lower case, without pseudo-headers. Only until HttpApi.handle returns. */
  eachHeader(visit: (name: string, value: string) => void): void

  /** Who has sent it. Only until HttpApi.handle returns. */
  peer(transport: Transport): Peer

  /** Starts the flow of the body; at most once, and only until HttpApi.handle returns. Without it the body is thrown away. */
  receive(body: BodyReceiver): void
  /** Stops and starts the flow of the body: the peer is slowed down by the transport. */
  pause(): void
  resume(): void

  /** The whole answer. The exchange is over: no more of the body is given. */
  respond(status: number, headers: Headers, body?: string | Uint8Array): void
  /** The head of an answer whose body is written bit by bit. */
  begin(status: number, headers: Headers): void
  /** A part of the body. The bytes are consumed before it returns: carriers that keep them copy them. As Link.write answers. */
  write(bytes: Uint8Array | string): Written
  /** Whether everything written so far has gone to the kernel. */
  readonly isDrained: boolean
  /** Ends the body that begin started. */
  finish(): void
  /** Cuts the request: nothing can be answered any more. `gone` follows. */
  abort(): void

  /** Is called when the transport takes bytes again after write has answered BUFFERED. To be set by the API. */
  writable: (() => void) | null
  /**
   * Is called once when the exchange has ended without us having answered in full: the peer went away, the connection was cut, or abort was called. Never
   * after respond or finish. To be set by the API.
   */
  gone: (() => void) | null
}
