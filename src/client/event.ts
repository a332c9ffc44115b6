import type { Metadata } from '../protocol/metadata.js'
import { unpackMetadata, unpackValue } from './values.js'

/** Who takes events of a topic. */
export interface Target {
  take(event: BusEvent): void
}

const UNREAD: unique symbol = Symbol('unread')

/**
 * One event as received. It holds positions in the message it came in and decodes on access, so what nobody reads costs nothing. It stays valid for
 * ever; while it is kept, so is its whole message (copy what you want to keep for long: `event.bytes.slice()`).
 */
export class BusEvent<T = unknown> {
  readonly topic: string
  /** 0, most urgent, to 7. */
  readonly lane: number
  private readonly message: Uint8Array
  private readonly start: number
  private readonly end: number
  private readonly metadataEnd: number
  private decoded: unknown = UNREAD
  private map: Metadata | null = null

  constructor(topic: string, lane: number, message: Uint8Array, start: number, end: number, metadataEnd: number) {
    this.topic = topic
    this.lane = lane
    this.message = message
    this.start = start
    this.end = end
    this.metadataEnd = metadataEnd
  }

  /**
   * The payload's value, decoded at the first access and remembered: one msgpack value, or what the metadata's `type` says (see publish).
   * Nobody has checked that it is a T.
   * @throws DecodeError when the payload is not that
   */
  get value(): T {
    if (this.decoded === UNREAD) {
      const type = this.end === this.metadataEnd ? undefined : this.metadata.type
      this.decoded = unpackValue(this.message, this.start, this.end, type)
    }
    return this.decoded as T
  }

  /** The payload's bytes as published: a view of the received message, not to be written to. */
  get bytes(): Uint8Array {
    return this.message.subarray(this.start, this.end)
  }

  /** Empty when the event has none. */
  get metadata(): Metadata {
    this.map ??= unpackMetadata(this.message, this.end, this.metadataEnd)
    return this.map
  }

  /** Bytes of topic, payload and metadata, roughly: for bounds. */
  get sizeBytes(): number {
    return this.metadataEnd - this.start + this.topic.length
  }

  toJSON(): { topic: string; lane: number; value: T; metadata: Metadata } {
    return { topic: this.topic, lane: this.lane, value: this.value, metadata: this.metadata }
  }
}
