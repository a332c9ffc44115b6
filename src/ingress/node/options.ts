import type { IngressOptions } from '../ingress.js'

/** What the daemon hands to the ingress on Node's streams, from its configuration. */
export interface NodeIngressOptions extends IngressOptions {
  /** Whether connections of trusted proxies begin with a header of the PROXY protocol. */
  proxyProtocol: boolean
  /** Requests that one HTTP/2 connection may have open at a time. */
  streamsMax: number
  /** Largest head of a request, decompressed. */
  headerBytesMax: number
  /** A connection without a request under way is closed after this; an answer that is complete must be taken within this. */
  httpIdleTimeoutMs: number
  /** Streams of a connection that may end without their answer, in a burst; a tenth is regained each second. */
  resetsMax: number
  /** PING, SETTINGS and PRIORITY frames of a connection, in a burst; a tenth is regained each second. */
  controlFramesMax: number
}
