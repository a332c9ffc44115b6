import type { TrustedProxies } from './addresses.js'
import type { Admission } from './admission.js'
import type { Door } from './door.js'
import type { HttpExchange } from './http/exchange.js'

/** What the daemon knows of a transport. */
export interface Ingress {
  /** For people: which engine this is. */
  readonly engine: string
  /** Connections open now. */
  readonly connections: number
  /** Binds. Rejects with a sentence for the operator when it cannot. Resolves to the port. */
  listen(host: string, port: number): Promise<number>
  /** The options that it was given have changed: what it has not looked up in them each time is brought into line. */
  optionsChanged(): void
  /** Accepts no more connections; those there are stay. */
  stopListening(): void
  /** Cuts what is still open. Called when every session has been ended. */
  close(): Promise<void>
}

/** What each engine hands requests to: the HTTP API. */
export interface HttpHandler {
  /** Must have read what it needs of the head, and called receive if it wants the body, when it returns. */
  handle(exchange: HttpExchange): void
}

export interface IngressOptions {
  /** Name of the listener, by which operators know it. */
  listener: string
  /** Which connections are let in; one for all listeners. */
  readonly admission: Admission
  /** Whose words on whom they stand for are believed. */
  proxies: TrustedProxies
  /** Milliseconds of silence after which a connection is closed; 0 for never. */
  idleTimeoutMs: number
  /** A new connection must bring a whole head of a request within this, and so must whoever has begun one on HTTP/1.1. */
  headerTimeoutMs: number
  /** A WebSocket message must be complete within this. */
  messageTimeMs: number
  messageBytesMax: number
  /** Bounds of the kernel's buffers of each connection, in bytes. */
  socketBuffers: { receive: number; send: number }
  /** Absent: everybody is let in. */
  door?: Door
  /** Is told, in a sentence for the operator, what works less well here than it should. */
  warn(sentence: string): void
}

/** What happened to connections, for metrics. */
export class IngressMeters {
  opened = 0
  /** Closed connections by WebSocket close code. */
  readonly closed = new Map<number, number>()
  /** Upgrades that were refused with an HTTP status, by reason. */
  readonly rejected = new Map<string, number>()
  /** Connections that were refused, by name of the code. */
  readonly refused = new Map<string, number>()
  messages = 0
  /** Connections that were ended for what they did, or did not do, by reason. */
  readonly hostile = new Map<string, number>()

  noteClosed(code: number): void {
    this.closed.set(code, (this.closed.get(code) ?? 0) + 1)
  }

  noteHostile(reason: string): void {
    this.hostile.set(reason, (this.hostile.get(reason) ?? 0) + 1)
  }

  noteRefused(name: string): void {
    this.refused.set(name, (this.refused.get(name) ?? 0) + 1)
  }

  noteRejected(reason: string): void {
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1)
  }
}
