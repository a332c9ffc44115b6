import { isUtf8 } from 'node:buffer'
import type { Router } from '../../../core/router.js'
import type { Session } from '../../../core/session.js'
import { Code, codeMessage } from '../../../protocol/codes.js'
import type { IngressMeters, IngressOptions } from '../../ingress.js'
import { acceptText } from '../../json-session.js'
import type { BufferPool } from './buffer-pool.js'
import {
  CLOSE_CODE_BYTES,
  Close,
  CONTROL_BYTES_MAX,
  FIN,
  isSendable,
  LENGTH_16,
  LENGTH_64,
  LENGTH_BITS,
  MASK_BYTES,
  MASKED,
  OPCODE_BITS,
  Opcode,
  RESERVED_BITS,
} from './rfc6455.js'
import { OVERRUN_BYTES, REST_BYTES_MAX, type Staging } from './staging.js'
import { Unfinished } from './unfinished.js'
import type { Walker } from './walker.js'

/** What all receivers share. */
export interface ReceiverContext {
  readonly router: Router
  readonly options: IngressOptions
  readonly meters: IngressMeters
  readonly staging: Staging
  readonly walker: Walker
  readonly buffers: BufferPool
}

/** What a receiver tells. The bytes hold until the call returns. */
export interface ReceiverEvents {
  ping(body: Buffer): void
  /** The peer has closed: with its code, or NO_CODE. Nothing is received any more. */
  close(code: number): void
}

/**
 * Takes in the bytes of one client, cut anywhere (RFC 6455, 5). Bytes are looked at where they lie in the staging area: whole messages are unmasked from
 * there into a slab, those of one chunk back to back, so that runs go on over messages.
 */
export class Receiver {
  /** Messages that were whole, since the connection opened, and whole frames. */
  messages = 0
  frames = 0
  /** The part of a frame that has arrived, when it is short: so many bytes of a buffer of the pool. */
  private rest: Buffer | null = null
  private restLength = 0
  /** A message of which the end has not come; null while `rest` holds all there is. */
  private unfinished: Unfinished | null = null
  /** Of the frame that `unfinished` is being filled from: bytes to come, and how to unmask the next. */
  private frameLeft = 0
  private frameMask = 0
  private frameIsLast = false
  private readonly opcode: number

  constructor(
    private readonly context: ReceiverContext,
    private readonly session: Session,
    private readonly isJson: boolean,
    private readonly events: ReceiverEvents,
  ) {
    this.opcode = isJson ? Opcode.TEXT : Opcode.BINARY
  }

  /** Bytes of a message or frame that is not whole; 0 when there is none. */
  get pendingBytes(): number {
    return this.restLength + (this.unfinished?.length ?? 0)
  }

  get isPending(): boolean {
    return this.rest !== null || this.unfinished !== null
  }

  /** Takes in so many bytes from staging.arrival on. */
  arrived(bytes: number): void {
    const { staging } = this.context
    const until = staging.arrival + bytes
    let at = staging.arrival
    if (this.rest !== null) {
      at -= this.restLength
      this.rest.copy(staging.bytes, at, 0, this.restLength)
      this.dropRest()
    }
    at = this.walk(at, until)
    if (at < until && !this.session.outbox.ending) this.keepRest(at, until)
  }

  /** Forgets what is not whole. */
  release(): void {
    this.dropRest()
    this.dropUnfinished()
    this.frameLeft = 0
  }

  private keepRest(at: number, until: number): void {
    const { staging, router, buffers } = this.context
    const rest = buffers.take(until - at)
    if (!router.unfinished.take(rest.length)) {
      buffers.give(rest)
      this.fail(Code.OVERLOADED, codeMessage(Code.OVERLOADED))
      return
    }
    staging.bytes.copy(rest, 0, at, until)
    this.rest = rest
    this.restLength = until - at
  }

  private dropRest(): void {
    if (this.rest === null) return
    const { router, buffers } = this.context
    router.unfinished.give(this.rest.length)
    buffers.give(this.rest)
    this.rest = null
    this.restLength = 0
  }

  private dropUnfinished(): void {
    this.unfinished?.release()
    this.unfinished = null
  }

  /** @returns where the frame begins that is not whole yet, or `until` */
  private walk(at: number, until: number): number {
    const { outbox } = this.session
    while (at < until && !outbox.ending) {
      if (this.frameLeft > 0) {
        at = this.goOn(at, until)
        continue
      }
      if (this.unfinished === null) {
        at = this.isJson ? this.takeTexts(at, until) : this.takeBinaries(at, until)
        if (at === until || outbox.ending) return until
      }
      const next = this.takeFrame(at, until)
      if (next === at) return at
      at = next
    }
    return until
  }

  /** Whole binary messages, as many as follow each other. Returns the first frame that is something else. */
  private takeBinaries(at: number, until: number): number {
    const { router, staging, walker, options, meters } = this.context
    const { slabs } = router
    // No more payload than there are bytes.
    const window = Math.min(until - at, slabs.slabBytes - OVERRUN_BYTES)
    const start = router.reserve(window + OVERRUN_BYTES)
    const next = walker.walk(Opcode.BINARY, at, at + window, start, options.messageBytesMax)
    const { ends } = staging
    const count = staging.found[0]
    slabs.trim(count === 0 ? start : ends[count - 1])
    this.messages += count
    this.frames += count
    meters.messages += count
    router.acceptMessages(this.session, start, ends, count)
    return next
  }

  /** The same for text, which is transcoded one by one. */
  private takeTexts(at: number, until: number): number {
    const { staging, walker, options } = this.context
    const { outbox } = this.session
    const next = walker.walk(Opcode.TEXT, at, until, staging.text, options.messageBytesMax)
    const { ends } = staging
    const count = staging.found[0]
    let start = staging.text
    for (let i = 0; i < count && !outbox.ending; i++) {
      this.frames++
      this.takeText(staging.bytes.subarray(start, ends[i]))
      start = ends[i]
    }
    return next
  }

  private takeText(text: Buffer): void {
    const { router, meters } = this.context
    this.messages++
    meters.messages++
    if (isUtf8(text)) acceptText(router, this.session, text)
    else this.fail(Close.NOT_UTF8, 'text must be UTF-8')
  }

  /** One frame of any kind. Returns where the next begins, or `at` when this one is to be kept until more of it has come. */
  private takeFrame(at: number, until: number): number {
    const { bytes } = this.context.staging
    if (until - at < 2) return at
    const lead = bytes[at]
    const second = bytes[at + 1]
    const opcode = lead & OPCODE_BITS
    const isLast = (lead & FIN) !== 0
    if ((lead & RESERVED_BITS) !== 0) return this.protocolError('reserved bits must be 0', until)
    if ((second & MASKED) === 0) return this.protocolError('frames of a client must be masked', until)
    const shortLength = second & LENGTH_BITS
    if (opcode >= Opcode.CLOSE) return this.takeControl(opcode, isLast, shortLength, at, until)
    if (opcode > Opcode.BINARY) return this.protocolError(`there is no opcode ${opcode}`, until)
    if ((opcode === Opcode.CONTINUATION) !== (this.unfinished !== null)) {
      return this.protocolError(
        opcode === Opcode.CONTINUATION ? 'a continuation of nothing' : 'a message within a fragmented message',
        until,
      )
    }
    if (opcode !== Opcode.CONTINUATION && opcode !== this.opcode) {
      this.context.router.fail(this.session, Code.WRONG_MESSAGE_KIND)
      return until
    }
    let length = shortLength
    let body = at + 2
    if (shortLength === LENGTH_16) {
      if (until - at < 4) return at
      length = bytes.readUInt16BE(at + 2)
      body += 2
    } else if (shortLength === LENGTH_64) {
      if (until - at < 10) return at
      length = bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6)
      body += 8
    }
    const { router, buffers, options } = this.context
    const { messageBytesMax } = options
    if (length + (this.unfinished?.length ?? 0) > messageBytesMax) {
      this.fail(Close.TOO_BIG, `a message has at most ${messageBytesMax} bytes`)
      return until
    }
    if (body + MASK_BYTES > until) return at
    const mask = bytes.readInt32LE(body)
    body += MASK_BYTES
    const next = body + length
    if (this.unfinished === null && isLast) {
      if (next <= until) {
        this.context.walker.unmask(body, next, mask)
        this.frames++
        this.takeMessage(this.context.staging.bytes.subarray(body, next))
        return next
      }
      if (next - at <= REST_BYTES_MAX) return at
    }
    this.unfinished ??= new Unfinished(router.unfinished, buffers)
    this.frameLeft = length
    this.frameMask = mask
    this.frameIsLast = isLast
    return this.goOn(body, until)
  }

  /** The frame that `unfinished` is being filled from goes on. */
  private goOn(at: number, until: number): number {
    const unfinished = this.unfinished as Unfinished
    const { staging, walker, options } = this.context
    const stop = Math.min(until, at + this.frameLeft)
    walker.unmask(at, stop, this.frameMask)
    const bytesMax = this.frameIsLast ? unfinished.length + this.frameLeft : options.messageBytesMax
    if (!unfinished.append(staging.bytes, at, stop, bytesMax)) {
      this.fail(Code.OVERLOADED, codeMessage(Code.OVERLOADED))
      return until
    }
    this.frameLeft -= stop - at
    const turn = ((stop - at) & 3) * 8
    this.frameMask = (this.frameMask >>> turn) | (this.frameMask << ((32 - turn) & 31))
    if (this.frameLeft > 0) return stop
    this.frames++
    if (this.frameIsLast) {
      this.takeMessage(unfinished.bytes)
      this.dropUnfinished()
    }
    return stop
  }

  /** A whole message that lies anywhere but in the slabs. */
  private takeMessage(message: Buffer): void {
    if (this.isJson) {
      this.takeText(message)
      return
    }
    const { router, meters } = this.context
    this.messages++
    meters.messages++
    const position = router.reserve(message.length)
    message.copy(router.slabs.bytes, position)
    router.accept(this.session, position, position + message.length)
  }

  private takeControl(opcode: number, isLast: boolean, length: number, at: number, until: number): number {
    if (opcode > Opcode.PONG) return this.protocolError(`there is no opcode ${opcode}`, until)
    if (!isLast) return this.protocolError('a control frame must not be fragmented', until)
    if (length > CONTROL_BYTES_MAX) {
      return this.protocolError(`a control frame has at most ${CONTROL_BYTES_MAX} bytes`, until)
    }
    if (opcode === Opcode.CLOSE && length > 0 && length < CLOSE_CODE_BYTES) {
      return this.protocolError('a close code has two bytes', until)
    }
    const body = at + 2 + MASK_BYTES
    const next = body + length
    if (next > until) return at
    const { staging, walker } = this.context
    walker.unmask(body, next, staging.bytes.readInt32LE(body - MASK_BYTES))
    this.frames++
    const payload = staging.bytes.subarray(body, next)
    if (opcode === Opcode.PING) this.events.ping(payload)
    else if (opcode === Opcode.CLOSE) return this.takeClose(payload, until)
    return next
  }

  private takeClose(payload: Buffer, until: number): number {
    if (payload.length === 0) {
      this.events.close(Close.NO_CODE)
      return until
    }
    const code = payload.readUInt16BE(0)
    if (!isSendable(code)) return this.protocolError(`${code} is no close code to be sent`, until)
    if (isUtf8(payload.subarray(CLOSE_CODE_BYTES))) this.events.close(code)
    else this.fail(Close.NOT_UTF8, 'the reason of a close must be UTF-8')
    return until
  }

  private protocolError(reason: string, until: number): number {
    this.fail(Close.PROTOCOL_ERROR, reason)
    return until
  }

  private fail(code: number, reason: string): void {
    this.session.outbox.end(code, reason)
  }
}
