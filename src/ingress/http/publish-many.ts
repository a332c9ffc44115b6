import type { Budget } from '../../core/budget.js'
import type { Identity } from '../../core/identity.js'
import type { Rate } from '../../core/rate.js'
import type { Router } from '../../core/router.js'
import type { Session } from '../../core/session.js'
import { Code } from '../../protocol/codes.js'
import { MEDIA_JSON } from '../../protocol/media.js'
import type { Door } from '../door.js'
import type { BodyReader } from './body-reader.js'
import { bodyTooLarge, type EventRequest, saysTooLong } from './event-request.js'
import type { BodyReceiver, HttpExchange } from './exchange.js'
import { FrameAssembler } from './frame-assembler.js'
import { FrameLines, PayloadLines } from './lines-body.js'
import type { OpenRequest, OpenRequests } from './open-requests.js'
import type { HttpMeters } from './options.js'
import { Problem, respondProblem } from './problem.js'
import { Report, ReportLink } from './report.js'
import type { RequestHead } from './request-head.js'
import { prefersWait, type RoutedWaiters, WAITED } from './routed.js'

const REPORT_HEADERS = { 'content-type': MEDIA_JSON }
const REPORT_WAITED_HEADERS = { ...REPORT_HEADERS, ...WAITED }

/** What requests to publish many events need. */
export interface ManyHome {
  readonly router: Router
  readonly door: Door
  readonly meters: HttpMeters
  readonly requests: OpenRequests
  readonly routed: RoutedWaiters
  readonly held: Budget
  /** Bound of a body that is answered in the end. */
  readonly bodyBytesMax: number
}

/** What a body of many events holds: frames, their lines in JSON, or payloads for one topic. */
export type ManyFormat = 'frames' | 'lines' | EventRequest

/**
 * Publishes many events and answers in the end, with what became of them.
 * @param rate of whoever it is; null: as fast as it can
 */
export function publishMany(
  home: ManyHome,
  exchange: HttpExchange,
  head: RequestHead,
  format: ManyFormat,
  who: Identity,
  rate: Rate | null,
): void {
  const { router, door, meters, bodyBytesMax } = home
  if (saysTooLong(head, bodyBytesMax)) {
    respondProblem(exchange, meters, bodyTooLarge(bodyBytesMax))
    return
  }
  const report = new Report()
  const link = new ReportLink(report)
  const session = router.open(link)
  session.isPublishOnly = true
  const code = door.admit(session, who)
  if (code !== 0) {
    router.close(session, code)
    respondProblem(exchange, meters, new Problem(code))
    return
  }
  session.rate = rate
  exchange.receive(new ManyEvents(home, exchange, session, link, report, format, prefersWait(head.prefer)))
}

class ManyEvents implements BodyReceiver, OpenRequest {
  deadline = 0
  place = -1
  private received = 0
  private isComplete = false
  private readonly body: BodyReader

  constructor(
    private readonly home: ManyHome,
    private readonly exchange: HttpExchange,
    private readonly session: Session,
    link: ReportLink,
    private readonly report: Report,
    format: ManyFormat,
    private readonly isWaiting: boolean,
  ) {
    const { requests, meters } = home
    // Whoever ends it in the midst of what it takes in sees so itself.
    link.ended = () => setImmediate(() => this.cutShort())
    this.body = this.bodyOf(format)
    requests.add(this)
    exchange.gone = () => {
      requests.delete(this)
      this.isComplete = true
      meters.aborted++
      this.release()
    }
  }

  private bodyOf(format: ManyFormat): BodyReader {
    const { router, held } = this.home
    if (format === 'frames') return new FrameAssembler(router, this.session, held)
    if (format === 'lines') return new FrameLines(router, this.session, this.report, held)
    return new PayloadLines(router, this.session, this.report, held, format)
  }

  chunk(bytes: Uint8Array): void {
    const { bodyBytesMax } = this.home
    this.received += bytes.length
    if (this.received > bodyBytesMax) this.fail(Code.BODY_TOO_LARGE, bodyTooLarge(bodyBytesMax).detail)
    else {
      this.body.chunk(bytes)
      if (this.session.outbox.ending) this.answer()
    }
  }

  end(): void {
    this.body.end()
    this.answer()
  }

  /** The session was ended from outside, while the body was still coming. */
  private cutShort(): void {
    if (!this.isComplete) this.answer()
  }

  private answer(): void {
    if (this.isComplete) return
    const { router, meters, requests, routed } = this.home
    const { session, exchange } = this
    router.tellRefusals(session)
    this.release()
    this.isComplete = true
    const problem = this.report.problem(session.accepted, session.refused)
    if (problem !== null) {
      requests.delete(this)
      respondProblem(exchange, meters, problem)
    } else if (this.isWaiting) {
      this.deadline = 0
      routed.wait(null, () => this.respond(200, REPORT_WAITED_HEADERS))
    } else this.respond(202, REPORT_HEADERS)
  }

  private release(): void {
    this.body.close()
    this.home.router.close(this.session)
  }

  private respond(status: number, headers: typeof REPORT_HEADERS): void {
    if (!this.home.requests.delete(this)) return
    this.home.meters.noteAnswered(status)
    const { accepted, refused } = this.session
    this.exchange.respond(status, headers, `{"accepted":${accepted},"refused":${refused}}\n`)
  }

  expire(): void {
    // Waiting for the router only, which is late: accepted they are.
    if (this.isComplete) this.respond(202, REPORT_HEADERS)
    else this.fail(Code.REQUEST_TIMEOUT, '')
  }

  stop(): void {
    if (this.isComplete) this.respond(202, REPORT_HEADERS)
    else this.fail(Code.SHUTTING_DOWN, '')
  }

  private fail(code: Code, detail: string): void {
    this.home.router.meters.refuse(code, 1)
    this.report.note(code, 1, '', detail)
    this.answer()
  }
}
