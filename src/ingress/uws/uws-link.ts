import type { WebSocket } from 'uWebSockets.js'
import { type Link, Written } from '../../core/link.js'
import type { JsonWriter } from '../json-session.js'

/** What ws.send answers (uWebSockets.js, WebSocket::SendStatus). */
const BACKPRESSURE = 0
const DROPPED = 2

/** A session's link over uWebSockets.js, which copies what it is given before send returns. */
export class UwsLink implements Link {
  /** uWebSockets.js throws when a closed socket is touched. */
  private open = true

  constructor(
    private readonly ws: WebSocket<unknown>,
    /** Null on the msgpack subprotocol. */
    private readonly json: JsonWriter | null,
  ) {}

  write(frames: Uint8Array): Written {
    if (!this.open) return Written.GONE
    const status = this.json === null ? this.ws.send(frames, true) : this.ws.send(this.json.toText(frames), false)
    if (status === BACKPRESSURE) return Written.BUFFERED
    return status === DROPPED ? Written.GONE : Written.SENT
  }

  /** Whether everything written so far has gone to the kernel. */
  get isDrained(): boolean {
    return this.open && this.ws.getBufferedAmount() === 0
  }

  end(code: number, reason: string): void {
    if (this.open) this.ws.end(code, reason)
  }

  /** The transport says that the socket is no more. */
  closed(): void {
    this.open = false
  }
}
