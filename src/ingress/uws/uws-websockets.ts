import type { HttpRequest, HttpResponse, us_socket_context_t, WebSocket, WebSocketBehavior } from 'uWebSockets.js'
import type { Identity } from '../../core/identity.js'
import type { Router } from '../../core/router.js'
import type { Session } from '../../core/session.js'
import { Code, codeName } from '../../protocol/codes.js'
import { SUBPROTOCOL_JSON } from '../../protocol/ops.js'
import { type Answer, type Door, OPEN_DOOR } from '../door.js'
import { Problem } from '../http/problem.js'
import type { IngressMeters, IngressOptions } from '../ingress.js'
import { acceptText, JsonWriter } from '../json-session.js'
import { RemotePeer } from '../peer.js'
import { chooseSubprotocol } from '../subprotocol.js'
import { statusLine } from './uws-exchange.js'
import { UwsLink } from './uws-link.js'

const decoder = new TextDecoder()

/** CompressOptions.DISABLED. */
const COMPRESSION_OFF = 0

/** uWebSockets.js knows idle timeouts of 8 to 960 seconds in steps of 4. */
const IDLE_STEP_S = 4
const IDLE_MIN_S = 8
const IDLE_MAX_S = 960

/** Message too big (RFC 6455, 7.4.1). */
const CLOSE_TOO_BIG = 1009

/**
 * uWebSockets.js cuts connections without a close frame, and then says why only in words. Operators should see the reason all the same.
 */
const CUT_CODES: ReadonlyMap<string, number> = new Map([
  ['WebSocket timed out from inactivity', Code.IDLE_TIMEOUT],
  ['Received too big message', CLOSE_TOO_BIG],
])

interface UserData {
  readonly json: boolean
  /** Null: not known yet. */
  readonly who: Identity | null
  /** Of the client. Once it is closed uWebSockets.js does not say any more who was there; of the port it says nothing at all. */
  readonly address: string
}

/** What has to be kept of a request to upgrade: its own object holds until the handler returns. */
interface Upgrade {
  readonly key: string
  /** The subprotocol; empty when none was offered. */
  readonly chosen: string
  readonly extensions: string
  readonly context: us_socket_context_t
  readonly address: string
}

/** What we keep on each socket: plain properties, since asking for the user data is a native call. */
interface Socket extends WebSocket<UserData> {
  session: Session
  link: UwsLink
  isJson: boolean
}

/** What WebSockets need of the port that they came in by. */
export interface WebSocketPort {
  /** Whether there are more connections than there may be. */
  readonly isFull: boolean
  /** A connection that was counted is no more. uWebSockets.js tells nobody else once it has become a WebSocket. */
  webSocketClosed(): void
}

/** WebSocket on uWebSockets.js. */
export class UwsWebSockets {
  private readonly json = new JsonWriter()
  private readonly door: Door

  constructor(
    private readonly port: WebSocketPort,
    private readonly router: Router,
    private readonly options: IngressOptions,
    private readonly meters: IngressMeters,
  ) {
    this.door = options.door ?? OPEN_DOOR
  }

  get behavior(): WebSocketBehavior<UserData> {
    const { options } = this
    return {
      compression: COMPRESSION_OFF,
      idleTimeout: idleSeconds(options.idleTimeoutMs),
      sendPingsAutomatically: true,
      // Over this it cuts without a word. Up to twice the limit there is a close frame of ours that says why.
      maxPayloadLength: 2 * options.messageBytesMax,
      // 0 is no limit: our outbox writes nothing while a socket has anything buffered, and it is the only one that drops.
      maxBackpressure: 0,
      closeOnBackpressureLimit: false,
      upgrade: (res, req, context) => this.upgrade(res, req, context),
      open: (ws) => this.open(ws as Socket),
      message: (ws, message, isBinary) => this.message(ws as Socket, message, isBinary),
      drain: (ws) => this.drained(ws as Socket),
      close: (ws, code, message) => this.closed(ws as Socket, code, message),
    }
  }

  private upgrade(res: HttpResponse, req: HttpRequest, context: us_socket_context_t): void {
    const offered = req.getHeader('sec-websocket-protocol')
    const chosen = chooseSubprotocol(offered)
    const problem =
      this.door.refuseOrigin(req.getHeader('origin'), req.getHeader('host')) ??
      (chosen === null ? new Problem(Code.UNSUPPORTED_SUBPROTOCOL) : null)
    if (problem !== null || chosen === null) {
      this.refuse(res, problem as Problem)
      return
    }
    const address = latin1(res.getRemoteAddressAsText())
    const upgrade: Upgrade = {
      key: req.getHeader('sec-websocket-key'),
      chosen,
      extensions: req.getHeader('sec-websocket-extensions'),
      context,
      address,
    }
    const answer = this.door.identify({
      authorization: req.getHeader('authorization'),
      offered,
      query: req.getQuery() ?? '',
      certificateSubject: '',
      address,
    })
    if (answer instanceof Promise) this.upgradeLater(res, upgrade, answer)
    else this.answer(res, upgrade, answer)
  }

  private upgradeLater(res: HttpResponse, upgrade: Upgrade, answer: Promise<Answer>): void {
    let isGone = false
    res.onAborted(() => {
      isGone = true
    })
    void answer.then((who) => {
      if (!isGone) res.cork(() => this.answer(res, upgrade, who))
    })
  }

  private answer(res: HttpResponse, { key, chosen, extensions, context, address }: Upgrade, answer: Answer): void {
    if (answer instanceof Problem) this.refuse(res, answer)
    else res.upgrade({ json: chosen === SUBPROTOCOL_JSON, who: answer, address }, key, chosen, extensions, context)
  }

  private refuse(res: HttpResponse, problem: Problem): void {
    const { code, status, headers, body } = problem
    this.meters.noteRejected(code === Code.UNSUPPORTED_SUBPROTOCOL ? 'subprotocol' : codeName(code))
    res.writeStatus(statusLine(status))
    for (const name in headers) res.writeHeader(name, headers[name])
    res.end(body)
  }

  private open(ws: Socket): void {
    const { json, who, address } = ws.getUserData()
    this.meters.opened++
    ws.isJson = json
    ws.link = new UwsLink(ws, json ? this.json : null)
    ws.session = this.router.open(ws.link)
    ws.session.peer = new RemotePeer(this.options.listener, 'websocket', address, 0)
    const code = this.port.isFull ? Code.TOO_MANY_CONNECTIONS : this.door.admit(ws.session, who)
    if (code !== 0) this.router.fail(ws.session, code)
  }

  private message(ws: Socket, message: ArrayBuffer, isBinary: boolean): void {
    const { router } = this
    this.meters.messages++
    if (message.byteLength > this.options.messageBytesMax) {
      ws.session.outbox.end(CLOSE_TOO_BIG, `a message has at most ${this.options.messageBytesMax} bytes`)
      return
    }
    if (isBinary === ws.isJson) {
      router.fail(ws.session, Code.WRONG_MESSAGE_KIND)
      return
    }
    if (ws.isJson) {
      acceptText(router, ws.session, new Uint8Array(message))
      return
    }
    const length = message.byteLength
    const position = router.reserve(length)
    router.slabs.bytes.set(new Uint8Array(message), position)
    router.accept(ws.session, position, position + length)
  }

  /**
   * Drain means progress, so only an empty buffer counts: what is still in it would stand before anything urgent written now. And the writing waits
   * until this event has been dealt with: uSockets stops asking for writability after it, whatever a large write inside it has left
   * behind (us_socket_write2 does not set last_write_failed), and that rest would never be sent.
   */
  private drained(ws: Socket): void {
    if (ws.link.isDrained) setImmediate(this.resume, ws)
  }

  private readonly resume = ({ link, session }: Socket): void => {
    if (link.isDrained) this.router.writable(session)
  }

  private closed(ws: Socket, code: number, message: ArrayBuffer): void {
    this.port.webSocketClosed()
    const reason = decoder.decode(message)
    const told = CUT_CODES.get(reason) ?? code
    this.meters.noteClosed(told)
    ws.link.closed()
    this.router.close(ws.session, told, reason)
  }
}

/** Addresses as text are ASCII. */
function latin1(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString('latin1')
}

/** The nearest idle timeout that uWebSockets.js knows, never longer than asked for unless that is under its least. */
function idleSeconds(ms: number): number {
  if (ms === 0) return 0
  const steps = Math.floor(ms / 1000 / IDLE_STEP_S) * IDLE_STEP_S
  return Math.min(IDLE_MAX_S, Math.max(IDLE_MIN_S, steps))
}
