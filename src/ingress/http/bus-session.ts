import type { Budget } from '../../core/budget.js'
import type { Identity } from '../../core/identity.js'
import type { Router } from '../../core/router.js'
import { Code, codeMessage } from '../../protocol/codes.js'
import type { Door } from '../door.js'
import type { BodyReader } from './body-reader.js'
import type { BodyReceiver, HttpExchange } from './exchange.js'
import { FrameAssembler } from './frame-assembler.js'
import { type FramesFormat, FramesLink } from './frames-link.js'
import type { LastWords } from './last-words.js'
import { FrameLines } from './lines-body.js'
import type { OpenRequest, OpenRequests } from './open-requests.js'
import type { HttpMeters } from './options.js'
import { Problem, respondProblem } from './problem.js'

/** What sessions over one request need. */
export interface BusHome {
  readonly router: Router
  readonly door: Door
  readonly meters: HttpMeters
  readonly requests: OpenRequests
  readonly sessions: Set<BusSession>
  readonly held: Budget
  readonly lastWords: LastWords
  /** An answer is silent for no longer. */
  readonly silenceMsMax: number
}

/** A whole session of the bus over one request: its body is what the peer sends, its answer what the peer is sent, both at the same time. */
export class BusSession implements BodyReceiver, OpenRequest {
  deadline = 0
  place = -1
  readonly link: FramesLink
  private readonly body: BodyReader

  /**
   * @param isFrames whether the body is of frames, or else of their lines
   * @param who null: not known yet, and to be said by AUTH
   */
  constructor(
    private readonly home: BusHome,
    exchange: HttpExchange,
    answer: FramesFormat,
    isFrames: boolean,
    who: Identity | null,
  ) {
    const { router, door, requests, sessions, meters, held } = home
    this.link = new FramesLink(exchange, answer, 'http-session', router, home.lastWords, home.silenceMsMax, () => {
      requests.delete(this)
      sessions.delete(this)
      this.body.close()
    })
    const { session } = this.link
    this.body = isFrames ? new FrameAssembler(router, session, held) : new FrameLines(router, session, null, held)
    const code = door.admit(session, who)
    if (code !== 0) {
      this.link.leave(code)
      respondProblem(exchange, meters, new Problem(code))
      return
    }
    requests.add(this)
    sessions.add(this)
    meters.noteAnswered(200)
    this.link.begin()
    exchange.receive(this)
  }

  chunk(bytes: Uint8Array): void {
    this.deadline = 0
    this.body.chunk(bytes)
  }

  /** The peer has said all it wants to; it may still want to hear. */
  end(): void {
    const { session } = this.link
    this.body.end()
    this.home.router.tellRefusals(session)
    if (session.subscriptions.size === 0) this.link.finish()
  }

  tick(now: number, elapsedMs: number): void {
    this.link.tick(now, elapsedMs)
  }

  expire(): void {
    const { session } = this.link
    this.deadline = 0
    if (session.subscriptions.size === 0) this.home.router.fail(session, Code.REQUEST_TIMEOUT)
  }

  stop(): void {
    this.link.session.outbox.end(Code.SHUTTING_DOWN, codeMessage(Code.SHUTTING_DOWN))
  }
}
