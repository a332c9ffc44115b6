import { framesToText } from '../../protocol/json.js'
import { OP_NAMES, Op } from '../../protocol/ops.js'
import { ID_PLACE, ID_TEXT_BYTES, stampId } from './event-id.js'

/** What a batch costs beside its text: objects, and the head of its own piece of memory. */
const BATCH_BYTES = 400

/** A line of the JSON subprotocol has no line end in it, so that one `data` field holds it. */
const EVENT_HEAD = `id: ${ID_PLACE}\ndata: `
const EVENT_SEPARATOR = `\n\n${EVENT_HEAD}`
const ID_OFFSET = 'id: '.length

const NO_TEXT = Buffer.alloc(0)
const SINGLE_START: readonly number[] = [0]

/**
 * Text of server-sent events (WHATWG HTML, 9.2) with room for ids, which are all that differs between streams that are sent the same. Ids are
 * written into it in place, just before it is sent.
 */
export class EventBatch {
  /** How many events it stands for: one each, or as many as its gap tells. */
  readonly size: number
  /** What it costs to keep. */
  readonly bytes: number
  /** Streams that may have to send it again. */
  holders = 0
  /** Given up all the same, to keep the bound of memory. */
  isLost = false

  constructor(
    private text: Buffer,
    /** Where in the text each event begins. */
    private readonly starts: readonly number[],
    private readonly missed = 0,
  ) {
    this.size = missed > 0 ? missed : starts.length
    this.bytes = text.length + BATCH_BYTES
  }

  /**
   * The text of what comes after the event with number `after`, with the ids of one stream. Holds until the next call.
   * @param before number of the last event before this batch
   */
  stamped(token: Uint8Array, before: number, after: number): Buffer {
    const { text, starts, missed } = this
    if (missed > 0) {
      stampId(text, ID_OFFSET, token, before + missed)
      return text
    }
    const first = Math.max(0, after - before)
    for (let i = first; i < starts.length; i++) stampId(text, starts[i] + ID_OFFSET, token, before + i + 1)
    return first === 0 ? text : text.subarray(starts[first])
  }

  giveUp(): void {
    this.isLost = true
    this.text = NO_TEXT
  }
}

/** Puts events into words. What one stream is sent, the next one often is too: the words are made once. */
export class EventText {
  /** The bytes of the frames last put into words. */
  private known = Buffer.alloc(0)
  private length = 0
  private batch: EventBatch | null = null

  /** @param frames whole EVENT frames */
  batchOf(frames: Uint8Array): EventBatch {
    const { batch } = this
    // Fan-out gathers the same small events anew for each receiver: comparing bytes costs far less than finding words.
    if (batch !== null && !batch.isLost && this.isKnown(frames)) return batch
    const made = makeBatch(frames)
    if (this.known.length < frames.length) this.known = Buffer.allocUnsafeSlow(frames.length)
    this.known.set(frames)
    this.length = frames.length
    this.batch = made
    return made
  }

  private isKnown(frames: Uint8Array): boolean {
    const { length } = this
    return frames.length === length && this.known.compare(frames, 0, length, 0, length) === 0
  }
}

function makeBatch(frames: Uint8Array): EventBatch {
  const lines = framesToText(frames, 0, frames.length)
  const text = ownBytes(`${EVENT_HEAD}${lines.replaceAll('\n', EVENT_SEPARATOR)}\n\n`)
  let next = text.indexOf('\n\n', ID_TEXT_BYTES) + 2
  if (next === text.length) return new EventBatch(text, SINGLE_START)
  const starts = [0]
  while (next < text.length) {
    starts.push(next)
    next = text.indexOf('\n\n', next + ID_TEXT_BYTES) + 2
  }
  return new EventBatch(text, starts)
}

/** A gap has numbers as the events that it stands for would have had, so that a reader that comes back is told of it again. */
export function gapBatch(frame: Uint8Array, missed: number): EventBatch {
  return new EventBatch(ownBytes(`id: ${ID_PLACE}\n${namedEvent(frame)}`), SINGLE_START, missed)
}

/** A control frame as an event with the name of its op. */
export function namedEvent(frame: Uint8Array): string {
  return `event: ${OP_NAMES[frame[1]]}\ndata: ${framesToText(frame, 0, frame.length)}\n\n`
}

/** Whether frames that an outbox wrote are events: it never writes events and control frames as one. */
export function areEvents(frames: Uint8Array): boolean {
  return frames[1] === Op.EVENT
}

/** Memory of its own: a piece of a shared pool would keep all of the pool for as long as a stream may have to send it again. */
function ownBytes(words: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(words))
  bytes.write(words, 'utf8')
  return bytes
}
