import type { HttpRequest, HttpResponse, us_socket_context_t, WebSocket, WebSocketBehavior } from 'uWebSockets.js'
import { LOCKED } from '../../core/access.js'
import type { Identity } from '../../core/identity.js'
import type { Router } from '../../core/router.js'
import type { Session } from '../../core/session.js'
import { Code, codeMessage, codeName } from '../../protocol/codes.js'
import { SUBPROTOCOL_JSON } from '../../protocol/ops.js'
import { type Answer, type Door, OPEN_DOOR } from '../door.js'
import { Problem } from '../http/problem.js'
import type { IngressMeters, IngressOptions } from '../ingress.js'
import { acceptText, JsonWriter } from '../json-session.js'
import { RemotePeer } from '../peer.js'
import { chooseSubprotocol } from '../subprotocol.js'
import type { Arrivals } from './arrivals.js'
import { type Lively, Liveness } from './liveness.js'
import { remoteAddressOf, statusLine } from './uws-exchange.js'
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
  /** Null: not known yet, and to be said by AUTH. */
  readonly who: Identity | null | Promise<Answer>
  /** Of the client. Once it is closed uWebSockets.js does not say any more who was there; of the port it says nothing at all. */
  readonly address: string
}

/** What we keep of each socket. */
interface State extends Lively {
  /** That it counts for; '' for none. */
  network: string
  /** Null while it is not known who is there. */
  session: Session | null
  readonly link: UwsLink
  readonly isJson: boolean
  /** What has come meanwhile. */
  held: Held | null
}

/** One plain property: asking for the user data is a native call, and each property of an object of the engine's is looked up the slow way. */
interface Socket extends WebSocket<UserData> {
  state: State
}

/** Messages that wait for a session. */
interface Held {
  readonly messages: { readonly bytes: ArrayBuffer; readonly isBinary: boolean }[]
  length: number
}

/** What WebSockets need of the port that they came in by. */
export interface WebSocketPort {
  /** Is told of each request. */
  readonly arrivals: Arrivals
  /** A connection that was counted is no more. uWebSockets.js tells nobody else once it has become a WebSocket. */
  webSocketClosed(): void
}

/** WebSocket on uWebSockets.js. */
export class UwsWebSockets {
  private readonly json = new JsonWriter()
  private readonly door: Door
  private readonly liveness: Liveness

  constructor(
    private readonly port: WebSocketPort,
    private readonly router: Router,
    private readonly options: IngressOptions,
    private readonly meters: IngressMeters,
  ) {
    this.door = options.door ?? OPEN_DOOR
    this.liveness = new Liveness(options, (ws) => this.stuck(ws as Socket))
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
      ping: (ws) => noteHeard(ws as Socket),
      pong: (ws) => noteHeard(ws as Socket),
      drain: (ws) => this.drained(ws as Socket),
      close: (ws, code, message) => this.closed(ws as Socket, code, message),
    }
  }

  private upgrade(res: HttpResponse, req: HttpRequest, context: us_socket_context_t): void {
    const remote = remoteAddressOf(res)
    this.port.arrivals.spoke(remote)
    const offered = req.getHeader('sec-websocket-protocol')
    const chosen = chooseSubprotocol(offered)
    const problem = this.door.refuseOrigin(req.getHeader('origin'), req.getHeader('host'))
    if (problem !== null || chosen === null) {
      this.refuse(res, problem ?? new Problem(Code.UNSUPPORTED_SUBPROTOCOL))
      return
    }
    const address = this.clientOf(remote, req)
    const caller = { address, certificateSubject: '' }
    const who = this.door.identify(req.getHeader('authorization'), offered, req.getQuery() ?? '', caller)
    if (who instanceof Problem) {
      this.refuse(res, who)
      return
    }
    // Also when it is not known yet: a later upgrade closes some of the connections (HttpResponse::cork takes what is a WebSocket by then for a
    // response, when the socket's memory has not moved), or, without cork, complains on standard error each time.
    const [key, extensions] = [req.getHeader('sec-websocket-key'), req.getHeader('sec-websocket-extensions')]
    res.upgrade({ json: chosen === SUBPROTOCOL_JSON, who, address }, key, chosen, extensions, context)
  }

  private clientOf(address: string, request: HttpRequest): string {
    const { proxies } = this.options
    if (!proxies.trusts(address)) return address
    const values: string[] = []
    request.forEach((name, value) => {
      if (name === 'x-forwarded-for') values.push(value)
    })
    return proxies.clientOf(address, values.join(','))
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
    const { admission, proxies } = this.options
    this.meters.opened++
    const network = proxies.trusts(address) ? '' : admission.enter(address)
    const link = new UwsLink(ws, json ? this.json : null)
    const state: State = { isHeard: true, network: network ?? '', session: null, link, isJson: json, held: null }
    ws.state = state
    this.liveness.add(ws, state)
    if (network === null || admission.isFull) {
      const session = this.router.open(link)
      session.access = LOCKED
      session.peer = new RemotePeer(this.options.listener, 'websocket', address, 0)
      state.session = session
      this.router.fail(session, network === null ? Code.TOO_MANY_OF_ADDRESS : Code.TOO_MANY_CONNECTIONS)
      return
    }
    if (who instanceof Promise) {
      state.held = { messages: [], length: 0 }
      void who.then((answer) => this.known(ws, answer))
    } else this.begin(ws, who)
  }

  private begin(ws: Socket, who: Identity | null): void {
    const session = this.router.open(ws.state.link)
    ws.state.session = session
    session.peer = new RemotePeer(this.options.listener, 'websocket', ws.getUserData().address, 0)
    const code = this.door.admit(session, who)
    if (code !== 0) this.router.fail(session, code)
  }

  private known(ws: Socket, answer: Answer): void {
    const { state } = ws
    const { held } = state
    if (held === null) return
    state.held = null
    if (answer instanceof Problem) {
      this.meters.noteRejected(codeName(answer.code))
      ws.end(answer.code, codeMessage(answer.code))
      return
    }
    this.begin(ws, answer)
    for (const { bytes, isBinary } of held.messages)
      if (state.session !== null) this.take(state, state.session, bytes, isBinary)
  }

  /** Nothing that it could be told would reach it in the middle of its message: it is told all the same, since it may yet read. */
  private stuck(ws: Socket): void {
    const { session } = ws.state
    if (session === null) ws.end(Code.MESSAGE_TIMEOUT, codeMessage(Code.MESSAGE_TIMEOUT))
    else this.router.fail(session, Code.MESSAGE_TIMEOUT)
  }

  private message(ws: Socket, message: ArrayBuffer, isBinary: boolean): void {
    const { state } = ws
    const { held, session } = state
    this.meters.messages++
    state.isHeard = true
    if (session !== null) this.take(state, session, message, isBinary)
    else if (held !== null) this.hold(ws, held, message, isBinary)
  }

  private hold(ws: Socket, held: Held, message: ArrayBuffer, isBinary: boolean): void {
    held.length += message.byteLength
    if (held.length > this.router.options.unauthenticatedBytesMax) {
      ws.state.held = null
      ws.end(Code.UNAUTHENTICATED, codeMessage(Code.UNAUTHENTICATED))
    } else held.messages.push({ bytes: message.slice(0), isBinary })
  }

  private take(state: State, session: Session, message: ArrayBuffer, isBinary: boolean): void {
    const { router } = this
    const bytes = new Uint8Array(message)
    if (bytes.length > this.options.messageBytesMax) {
      session.outbox.end(CLOSE_TOO_BIG, `a message has at most ${this.options.messageBytesMax} bytes`)
    } else if (isBinary === state.isJson) router.fail(session, Code.WRONG_MESSAGE_KIND)
    else if (isBinary) router.intake.take(session, bytes)
    else acceptText(router, session, bytes)
  }

  /**
   * Drain means progress, so only an empty buffer counts: what is still in it would stand before anything urgent written now. And the writing waits
   * until this event has been dealt with: uSockets stops asking for writability after it, whatever a large write inside it has left
   * behind (us_socket_write2 does not set last_write_failed), and that rest would never be sent.
   */
  private drained(ws: Socket): void {
    if (ws.state.link.isDrained) setImmediate(this.resume, ws.state)
  }

  private readonly resume = ({ link, session }: State): void => {
    if (session !== null && link.isDrained) this.router.writable(session)
  }

  private closed(ws: Socket, code: number, message: ArrayBuffer): void {
    this.port.webSocketClosed()
    this.liveness.delete(ws)
    const { network, session, link } = ws.state
    if (network !== '') this.options.admission.leave(network)
    const reason = decoder.decode(message)
    const told = CUT_CODES.get(reason) ?? code
    this.meters.noteClosed(told)
    link.closed()
    ws.state.held = null
    if (session !== null) this.router.close(session, told, reason)
  }
}

function noteHeard(ws: Socket): void {
  ws.state.isHeard = true
}

/** The nearest idle timeout that uWebSockets.js knows, never longer than asked for unless that is under its least. */
function idleSeconds(ms: number): number {
  if (ms === 0) return 0
  const steps = Math.floor(ms / 1000 / IDLE_STEP_S) * IDLE_STEP_S
  return Math.min(IDLE_MAX_S, Math.max(IDLE_MIN_S, steps))
}
