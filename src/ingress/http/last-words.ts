import type { HttpExchange } from './exchange.js'

/** A reader that is behind has this long to read what is on its way to it and why it is over; then it is cut off. */
const GRACE_MS = 5000

interface Ending {
  exchange: HttpExchange
  words: Uint8Array | string
  /** The first tick that saw it. */
  since: number | null
}

/** Answers whose session is over: their reader is told why as soon as it takes bytes, or cut off. */
export class LastWords {
  private readonly endings = new Set<Ending>()

  /**
   * Takes over an answer that has begun, and ends it.
   * @param isOpen whether the transport takes bytes: the last write did not answer BUFFERED, or it has said so since
   */
  say(exchange: HttpExchange, words: Uint8Array | string, isOpen: boolean): void {
    exchange.writable = null
    exchange.gone = null
    if (isOpen) {
      speak(exchange, words)
      return
    }
    const ending: Ending = { exchange, words, since: null }
    this.endings.add(ending)
    exchange.gone = () => this.release(ending)
    exchange.writable = () => {
      if (!exchange.isDrained) return
      this.release(ending)
      speak(exchange, words)
    }
  }

  /** @param now monotonic milliseconds */
  tick(now: number): void {
    for (const ending of this.endings) {
      if (ending.since === null) ending.since = now
      else if (now - ending.since >= GRACE_MS) this.cut(ending)
    }
  }

  close(): void {
    for (const ending of this.endings) this.cut(ending)
  }

  private cut(ending: Ending): void {
    this.release(ending)
    ending.exchange.abort()
  }

  private release(ending: Ending): void {
    this.endings.delete(ending)
    ending.exchange.writable = null
    ending.exchange.gone = null
  }
}

function speak(exchange: HttpExchange, words: Uint8Array | string): void {
  if (words.length > 0) exchange.write(words)
  exchange.finish()
}
