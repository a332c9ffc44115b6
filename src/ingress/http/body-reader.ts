import type { BodyReceiver } from './exchange.js'

/** Takes in what a body holds as it comes. */
export interface BodyReader extends BodyReceiver {
  /** The request is over, however it ended: what is held of its body is given back. */
  close(): void
}
