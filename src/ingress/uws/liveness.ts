import type { WebSocket } from 'uWebSockets.js'
import { Rounds, type Watched } from '../rounds.js'

/** A peer is looked at so often in the time that a message may take. */
const LOOKS_PER_MESSAGE_TIME = 8

/** What is watched of a WebSocket. */
export interface Lively {
  /** Something whole has come since it was looked at last: a message, a PING or a PONG. */
  isHeard: boolean
}

/**
 * Finds peers that are stuck in a message. uWebSockets.js shows none but whole messages, and takes each byte for a sign of life; but who is in the middle of a frame
 * cannot answer a PING, and who is between the fragments of a message cannot be found: there it is the engine's bound of a message that holds.
 *
 * A peer from which nothing whole has come since two looks is sent a PING, and has the time of a message to send anything whole. So an honest message always
 * has its time, and a stuck one has up to a third more.
 */
export class Liveness {
  private readonly rounds: Rounds
  private readonly all = new Map<WebSocket<unknown>, Watch>()

  /** @param options looked up each time, but for how often is looked */
  constructor(
    private readonly options: { readonly messageTimeMs: number },
    private readonly late: (socket: WebSocket<unknown>) => void,
  ) {
    this.rounds = new Rounds(options.messageTimeMs / LOOKS_PER_MESSAGE_TIME)
  }

  add(socket: WebSocket<unknown>, lively: Lively): void {
    const watch = new Watch(socket, lively, this.options, this.late)
    this.all.set(socket, watch)
    this.rounds.add(watch)
  }

  delete(socket: WebSocket<unknown>): void {
    const watch = this.all.get(socket)
    if (watch === undefined) return
    this.all.delete(socket)
    this.rounds.remove(watch)
  }
}

class Watch implements Watched {
  /** 0 while no answer is due. */
  private pingedAt = 0

  constructor(
    private readonly socket: WebSocket<unknown>,
    private readonly lively: Lively,
    private readonly options: { readonly messageTimeMs: number },
    private readonly late: (socket: WebSocket<unknown>) => void,
  ) {}

  visit(now: number): void {
    const { socket, lively } = this
    if (lively.isHeard) {
      lively.isHeard = false
      this.pingedAt = 0
    } else if (this.pingedAt === 0) {
      // Behind what it does not read, a PING would be late through no fault of its own: that is for the outbox to judge.
      if (socket.getBufferedAmount() > 0) return
      this.pingedAt = now
      socket.ping()
    } else if (now - this.pingedAt >= this.options.messageTimeMs) {
      if (socket.getBufferedAmount() > 0) this.pingedAt = 0
      else this.late(socket)
    }
  }
}
