import type { Router } from '../core/router.js'
import type { Session } from '../core/session.js'
import { Code } from '../protocol/codes.js'
import { framesToText, type RefusedLines, TextReader } from '../protocol/json.js'
import { frameEnd } from '../protocol/scan.js'

/** The text that stands for frames. Fan-out writes the same frames to many links in a row: they are put into words once. */
export class JsonWriter {
  private frames: Uint8Array | null = null
  private text = ''

  toText(frames: Uint8Array): string {
    if (this.frames !== frames) {
      this.text = framesToText(frames, 0, frames.length)
      this.frames = frames
    }
    return this.text
  }
}

const decoder = new TextDecoder()
const reader = new TextReader()

/** Takes in a text message of the JSON subprotocol, as the frames it stands for. */
export function acceptText(router: Router, session: Session, message: Uint8Array): void {
  router.work.transcodedBytes += message.length
  acceptLines(router, session, decoder.decode(message), 0)
}

/**
 * Takes in whole lines of a text that may go on.
 * @param brokenBefore lines of it so far that were not JSON
 * @param onRefused is told of lines that gave no frame
 * @returns lines of this text that were looked at, and how many were not JSON in all: above BROKEN_LINES_MAX the rest has not been read
 */
export function acceptLines(
  router: Router,
  session: Session,
  text: string,
  brokenBefore: number,
  onRefused?: (lines: RefusedLines) => void,
): { lineCount: number; brokenLines: number } {
  reader.read(text, brokenBefore)
  const { lineCount, brokenLines } = reader
  acceptRead(router, session, onRefused)
  return { lineCount, brokenLines }
}

function acceptRead(router: Router, session: Session, onRefused?: (lines: RefusedLines) => void): void {
  const { bytes, length, refused } = reader
  let pos = 0
  for (const lines of refused) {
    acceptFrames(router, session, bytes, pos, lines.at)
    pos = lines.at
    if (session.outbox.ending) return
    onRefused?.(lines)
    router.refuseLines(session, lines)
  }
  acceptFrames(router, session, bytes, pos, length)
}

/** Takes in frames that were made of text. They may be longer than it (a short number takes nine bytes), so that they are taken in pieces. */
export function acceptFrames(router: Router, session: Session, bytes: Uint8Array, start: number, end: number): void {
  const most = router.options.messageBytesMax
  while (start < end && !session.outbox.ending) {
    let pieceEnd = end
    if (end - start > most) {
      pieceEnd = frameEnd(bytes, start, end)
      if (pieceEnd - start > most) {
        const code = Code.PAYLOAD_TOO_LARGE
        router.refuseLines(session, { code, message: '', request: 0, count: 1, events: 1, topic: null })
        start = pieceEnd
        continue
      }
      for (let next = pieceEnd; next - start <= most && next < end; ) {
        pieceEnd = next
        next = frameEnd(bytes, next, end)
      }
    }
    const position = router.reserve(pieceEnd - start)
    router.slabs.bytes.set(bytes.subarray(start, pieceEnd), position)
    router.accept(session, position, position + pieceEnd - start)
    start = pieceEnd
  }
}
