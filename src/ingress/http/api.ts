import type { Budget } from '../../core/budget.js'
import type { Identity } from '../../core/identity.js'
import type { Router } from '../../core/router.js'
import { Code } from '../../protocol/codes.js'
import { MEDIA_EVENT_STREAM, MEDIA_FRAMES, MEDIA_JSON, MEDIA_NDJSON } from '../../protocol/media.js'
import { type Answer, type Door, OPEN_DOOR } from '../door.js'
import type { HttpHandler } from '../ingress.js'
import { JsonWriter } from '../json-session.js'
import { type BusHome, BusSession } from './bus-session.js'
import { Cors, WithHeaders } from './cors.js'
import { isUtf8Charset, readEventRequest, refuseEncoding } from './event-request.js'
import { EventStreams } from './event-streams.js'
import type { Headers, HttpExchange } from './exchange.js'
import { FRAMES_FORMAT, linesFormat } from './frames-link.js'
import { HeldExchange } from './held-exchange.js'
import { mediaOf, negotiate } from './negotiate.js'
import { OpenRequests } from './open-requests.js'
import { readOpenApi } from './openapi.js'
import type { HttpMeters, HttpOptions } from './options.js'
import { badParameter, quoted, readParameters } from './parameters.js'
import { Problem, respondProblem } from './problem.js'
import { publishMany } from './publish-many.js'
import { PublishOne } from './publish-one.js'
import { OWN_PREFIX, RequestHead } from './request-head.js'
import { RequestRates } from './request-rates.js'
import { RoutedWaiters } from './routed.js'
import { ANSWER_MEDIA, allowed, BODY_MEDIA, METHODS, OPENAPI_PATH, type Route, routeOf, TOPIC_PATH } from './routes.js'
import { streamHeaders } from './stream-headers.js'
import { readSubscribeRequest } from './subscribe-request.js'

const NO_PARAMETERS = { single: [], repeated: [] }
/** Requests that wait for a verdict on who sends them: each may have sent a receive buffer of its body. */
const HELD_MAX = 1024

/** Where events go in and out. */
type EventRoute = 'topic' | 'events'

/** The HTTP API: every request of every transport comes here. */
export class HttpApi implements HttpHandler, BusHome {
  readonly requests: OpenRequests
  readonly routed: RoutedWaiters
  readonly sessions = new Set<BusSession>()
  readonly held: Budget
  private readonly cors: Cors
  private readonly streams: EventStreams
  private readonly one: PublishOne
  private readonly rates = new RequestRates()
  private readonly lines = linesFormat(new JsonWriter())
  private readonly head = new RequestHead()
  private readonly openApi = readOpenApi()
  private lastTick: number | null = null
  /** Requests whose sender is not known yet. */
  private asking = 0
  private isClosed = false

  constructor(
    readonly router: Router,
    /** May change at any time. */
    private readonly options: HttpOptions,
    readonly meters: HttpMeters,
    private readonly software: string,
    readonly door: Door = OPEN_DOOR,
  ) {
    this.cors = new Cors(door.origins)
    this.requests = new OpenRequests(options)
    this.routed = new RoutedWaiters(router)
    this.streams = new EventStreams(router, options, meters, door)
    this.held = router.unfinished
    this.one = new PublishOne(router, meters, this.requests, this.routed, this.held)
  }

  get bodyBytesMax(): number {
    return this.options.bodyBytesMax
  }

  get silenceMsMax(): number {
    return this.options.heartbeatMs
  }

  handle(exchange: HttpExchange): void {
    const { head } = this
    head.read(exchange)
    if (this.isClosed) this.refuse(exchange, new Problem(Code.SHUTTING_DOWN))
    else if (head.origin === '') this.dispatch(exchange, head)
    else if (this.cors.allows(head.origin, exchange.header('host'))) {
      this.dispatch(new WithHeaders(exchange, this.cors.headers(head.origin)), head)
    } else this.refuse(exchange, new Problem(Code.ORIGIN_NOT_ALLOWED))
  }

  private dispatch(exchange: HttpExchange, head: RequestHead): void {
    const { method, path } = exchange
    const route = routeOf(path)
    if (route === null) {
      const hint = path.startsWith(TOPIC_PATH) ? '; a slash in a topic is written %2F' : ''
      this.refuse(exchange, new Problem(Code.NOT_FOUND, `there is nothing at ${quoted(path)}${hint}`))
    } else if (METHODS[route].includes(method)) this.perform(exchange, head, route)
    else if (method === 'OPTIONS') this.tellOptions(exchange, head, route)
    else {
      const detail = `this path takes ${allowed(route)}`
      this.refuse(exchange, new Problem(Code.METHOD_NOT_ALLOWED, detail), { allow: allowed(route) })
    }
  }

  private perform(exchange: HttpExchange, head: RequestHead, route: Route): void {
    if (route === 'openapi') this.tell(exchange, this.openApi)
    else if (route === 'index') {
      this.tell(exchange, `${JSON.stringify({ software: this.software, openapi: OPENAPI_PATH })}\n`)
    } else this.ask(exchange, head, route)
  }

  /** Goes on when it is known who sends this. */
  private ask(exchange: HttpExchange, head: RequestHead, route: EventRoute): void {
    const answer = this.door.identify(head.authorization, '', exchange.query, exchange)
    if (!(answer instanceof Promise)) this.serve(exchange, head, route, answer)
    else if (this.asking >= HELD_MAX) this.refuse(exchange, new Problem(Code.AUTH_UNAVAILABLE))
    else {
      const held = new HeldExchange(exchange, exchange.method === 'POST')
      this.asking++
      void answer.then((who) => {
        this.asking--
        held.release((released) => {
          head.read(released)
          if (this.isClosed) this.refuse(released, new Problem(Code.SHUTTING_DOWN))
          else this.serve(released, head, route, who)
        })
      })
    }
  }

  /** @param who null: nothing was shown, and something must be */
  private serve(exchange: HttpExchange, head: RequestHead, route: EventRoute, who: Answer): void {
    if (who instanceof Problem) this.refuse(exchange, who)
    else if (exchange.method === 'POST' && route === 'events') this.publishEvents(exchange, head, who)
    else if (who === null) this.refuse(exchange, new Problem(Code.UNAUTHENTICATED))
    else if (route === 'topic') this.publishOnTopic(exchange, head, who)
    else if (exchange.method === 'GET') this.streams.open(exchange, who)
    else this.tellStream(exchange)
  }

  private publishOnTopic(exchange: HttpExchange, head: RequestHead, who: Identity): void {
    const topic = exchange.path.slice(TOPIC_PATH.length)
    const request = readEventRequest(this.router, head, topic, exchange.query, this.bodyBytesMax)
    if (request instanceof Problem) this.refuse(exchange, this.one.refuse(request))
    else {
      const rate = this.rates.of(who, exchange)
      if (request.kind === 'lines') publishMany(this, exchange, head, request, who, rate)
      else this.one.open(exchange, head, request, who, rate)
    }
  }

  private publishEvents(exchange: HttpExchange, head: RequestHead, who: Identity | null): void {
    const problem = this.refuseEventsHead(exchange, head)
    if (problem !== null) {
      this.refuse(exchange, problem, problem.code === Code.UNSUPPORTED_MEDIA_TYPE ? ACCEPTED : undefined)
      return
    }
    const isFrames = mediaOf(head.contentType) === MEDIA_FRAMES
    const answer = negotiate(head.accept, exchange.isDuplex ? ANSWER_MEDIA : [MEDIA_JSON])
    if (answer === null) this.refuse(exchange, notAcceptable(exchange, head))
    else if (answer !== MEDIA_JSON) {
      new BusSession(this, exchange, answer === MEDIA_FRAMES ? FRAMES_FORMAT : this.lines, isFrames, who)
    } else if (who === null) this.refuse(exchange, new Problem(Code.UNAUTHENTICATED))
    else publishMany(this, exchange, head, isFrames ? 'frames' : 'lines', who, this.rates.of(who, exchange))
  }

  private refuseEventsHead(exchange: HttpExchange, head: RequestHead): Problem | null {
    const parameters = readParameters(exchange.query, NO_PARAMETERS)
    if (parameters instanceof Problem) return parameters
    if (head.own.length > 0) {
      return badParameter(OWN_PREFIX + head.own[0].name, 'is for POST /v1/topics/{topic}: events here have their own')
    }
    const media = mediaOf(head.contentType)
    if (!BODY_MEDIA.some((known) => known === media) || (media === MEDIA_NDJSON && !isUtf8Charset(head.contentType))) {
      const hint = media === MEDIA_JSON ? '; one JSON value goes to POST /v1/topics/{topic}' : ''
      return new Problem(Code.UNSUPPORTED_MEDIA_TYPE, `events come as ${BODY_MEDIA.join(' or ')}${hint}`)
    }
    return refuseEncoding(head)
  }

  /** A HEAD request for a stream, which need not begin. */
  private tellStream(exchange: HttpExchange): void {
    const request = readSubscribeRequest(exchange)
    if (request instanceof Problem) this.refuse(exchange, request)
    else this.respond(exchange, 200, streamHeaders(request.media))
  }

  private tell(exchange: HttpExchange, json: string): void {
    const parameters = readParameters(exchange.query, NO_PARAMETERS)
    if (parameters instanceof Problem) this.refuse(exchange, parameters)
    else this.respond(exchange, 200, { 'content-type': MEDIA_JSON, 'cache-control': 'no-cache' }, json)
  }

  private tellOptions(exchange: HttpExchange, head: RequestHead, route: Route): void {
    const methods = allowed(route)
    const isPreflight = head.origin !== '' && exchange.header('access-control-request-method') !== ''
    const more = isPreflight
      ? this.cors.preflightHeaders(methods, exchange.header('access-control-request-headers'))
      : undefined
    this.respond(exchange, 204, { allow: methods, ...more })
  }

  private respond(exchange: HttpExchange, status: number, headers: Headers, body?: string): void {
    this.meters.noteAnswered(status)
    exchange.respond(status, headers, body)
  }

  private refuse(exchange: HttpExchange, problem: Problem, more?: Headers): void {
    respondProblem(exchange, this.meters, problem, more)
  }

  get lastWords(): EventStreams['lastWords'] {
    return this.streams.lastWords
  }

  /**
   * To be called about once a second: deadlines of bodies, heartbeats of streams.
   * @param now monotonic milliseconds
   */
  tick(now: number): void {
    const elapsedMs = this.lastTick === null ? 0 : now - this.lastTick
    this.lastTick = now
    this.requests.tick(now)
    for (const session of this.sessions) session.tick(now, elapsedMs)
    this.streams.tick(now)
  }

  /** The daemon is going to stop: streams are not kept for readers who are away, and none begins. */
  drain(): void {
    this.streams.drain()
  }

  /** The daemon stops: what is still open is answered or ended, and nothing more is taken. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.routed.look()
    this.requests.close()
    this.streams.close()
  }
}

/** With 415 (RFC 9110, 15.5.16). */
const ACCEPTED: Headers = { accept: BODY_MEDIA.join(', ') }

function notAcceptable(exchange: HttpExchange, head: RequestHead): Problem {
  if (negotiate(head.accept, ANSWER_MEDIA) !== null) {
    const detail = `an answer that begins before the body has ended needs HTTP/2, or a WebSocket; here it is ${MEDIA_JSON}`
    return new Problem(Code.NOT_ACCEPTABLE, detail)
  }
  const media = exchange.isDuplex ? ANSWER_MEDIA : [MEDIA_JSON]
  const hint = mediaOf(head.accept) === MEDIA_EVENT_STREAM ? '; to receive events, GET' : ''
  return new Problem(Code.NOT_ACCEPTABLE, `the answer comes as ${media.join(', ')}${hint}`)
}
