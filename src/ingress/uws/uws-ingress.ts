import type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket,
  us_socket_context_t,
  WebSocket,
} from 'uWebSockets.js'
import type { Router } from '../../core/router.js'
import type { Session } from '../../core/session.js'
import { Code, codeMessage } from '../../protocol/codes.js'
import { SUBPROTOCOL_JSON } from '../../protocol/ops.js'
import type { Ingress, IngressMeters, IngressOptions } from '../ingress.js'
import { acceptText, JsonWriter } from '../json-session.js'
import { chooseSubprotocol } from '../subprotocol.js'
import { boundSocketBuffers } from './socket-buffers.js'
import { UwsLink } from './uws-link.js'

const decoder = new TextDecoder()

type Uws = typeof import('uWebSockets.js')

/** The form of listen that the types of the package leave out: without it, a second daemon would share the port unnoticed. */
interface ExclusiveListen {
  listen(host: string, port: number, options: number, done: (socket: us_listen_socket | false) => void): void
}

/** CompressOptions.DISABLED and LIBUS_LISTEN_EXCLUSIVE_PORT, which the types of the package leave out. */
const COMPRESSION_OFF = 0
const EXCLUSIVE_PORT = 1

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
  json: boolean
}

/** What we keep on each socket: plain properties, since asking for the user data is a native call. */
interface Socket extends WebSocket<UserData> {
  session: Session
  link: UwsLink
  isJson: boolean
}

/** The native module, or a sentence that says why there is none here. */
export async function loadUws(): Promise<Uws | string> {
  try {
    return (await import('uWebSockets.js')) as Uws
  } catch (error) {
    return `uWebSockets.js has no binary for Node ${process.versions.node} on ${process.platform} ${process.arch}: ${(error as Error).message.split('\n')[0]}`
  }
}

/** WebSocket ingress on uWebSockets.js: cheap connections and large batches. */
export class UwsIngress implements Ingress {
  readonly engine = 'uWebSockets.js'
  connections = 0
  private readonly app: TemplatedApp
  private listenSocket: us_listen_socket | null = null
  private readonly json = new JsonWriter()

  constructor(
    private readonly uws: Uws,
    private readonly router: Router,
    private readonly options: IngressOptions,
    private readonly meters: IngressMeters,
  ) {
    this.app = uws.App()
    this.app.ws<UserData>('/*', {
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
    })
    this.app.any('/*', (res) => {
      res.writeStatus('426 Upgrade Required').writeHeader('upgrade', 'websocket').end('This port speaks WebSocket.\n')
    })
  }

  private upgrade(res: HttpResponse, req: HttpRequest, context: us_socket_context_t): void {
    const key = req.getHeader('sec-websocket-key')
    const offered = req.getHeader('sec-websocket-protocol')
    const extensions = req.getHeader('sec-websocket-extensions')
    const chosen = chooseSubprotocol(offered)
    if (chosen === null) {
      this.meters.noteRejected('subprotocol')
      res.writeStatus('400 Bad Request').end(`${codeMessage(Code.UNSUPPORTED_SUBPROTOCOL)}\n`)
      return
    }
    res.upgrade({ json: chosen === SUBPROTOCOL_JSON }, key, chosen, extensions, context)
  }

  private open(ws: Socket): void {
    this.connections++
    this.meters.opened++
    ws.isJson = ws.getUserData().json
    ws.link = new UwsLink(ws, ws.isJson ? this.json : null)
    ws.session = this.router.open(ws.link)
    if (this.connections > this.options.connectionsMax) this.router.fail(ws.session, Code.TOO_MANY_CONNECTIONS)
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
    this.connections--
    this.meters.noteClosed(CUT_CODES.get(decoder.decode(message)) ?? code)
    ws.link.closed()
    this.router.close(ws.session)
  }

  async listen(host: string, port: number): Promise<number> {
    const bound = await this.bind(host, port)
    const { socketBuffers, warn } = this.options
    const failure = await boundSocketBuffers(bound, socketBuffers)
    if (failure !== null) {
      warn(`socket buffers are not bounded, so a publisher in a hurry may hold up all others: ${failure}`)
    }
    return bound
  }

  private bind(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const app = this.app as unknown as ExclusiveListen
      app.listen(host, port, EXCLUSIVE_PORT, (socket) => {
        if (!socket) {
          reject(
            new Error(
              `cannot listen on ${host} port ${port}: is something else listening there, or is the address not this machine's?`,
            ),
          )
          return
        }
        this.listenSocket = socket
        resolve(this.uws.us_socket_local_port(socket as unknown as Parameters<Uws['us_socket_local_port']>[0]))
      })
    })
  }

  stopListening(): void {
    if (this.listenSocket === null) return
    this.uws.us_listen_socket_close(this.listenSocket)
    this.listenSocket = null
  }

  async close(): Promise<void> {
    this.app.close()
  }
}

/** The nearest idle timeout that uWebSockets.js knows, never longer than asked for unless that is under its least. */
function idleSeconds(ms: number): number {
  if (ms === 0) return 0
  const steps = Math.floor(ms / 1000 / IDLE_STEP_S) * IDLE_STEP_S
  return Math.min(IDLE_MAX_S, Math.max(IDLE_MIN_S, steps))
}
