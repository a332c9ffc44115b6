import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { closesConnection, codeMessage, mayTryAgain } from '../protocol/codes.js'
import { decodeControl, encodeControl } from '../protocol/control.js'
import { REQUEST_MAX } from '../protocol/limits.js'
import { MEDIA_FRAMES } from '../protocol/media.js'
import { Op } from '../protocol/ops.js'
import { frameEnd } from '../protocol/scan.js'
import { FrameCutter } from './frame-cutter.js'
import { type Dialer, lacksProtocol, reasonOf } from './node-dial.js'
import { CLOSE_ABNORMAL, refusal } from './refusal.js'
import type { ClientSocket, Closed, SocketEvents, SocketFactory } from './runtime.js'

/** Below the path of the URL. */
const ENDPOINT = 'v1/events'
const ALPN_HTTP2 = 'h2'
const NO_HTTP2 = 'this port has TLS, but no HTTP/2 on it; say wss:// for WebSocket'
/**
 * Bytes that the daemon may have on the way to us. With HTTP/2's default of 64 KiB a firehose waits for our consent; and the more there is, the more lies
 * before an urgent event when we are slow.
 */
const WINDOW_BYTES = 1024 * 1024
/** So much of a refusal's text is read. */
const REFUSAL_BYTES_MAX = 16 * 1024
/** No status given (RFC 6455, 7.4.1): the other side ended in good order, and did not say why. */
const CLOSE_NO_STATUS = 1005
/** We have ended it (RFC 6455, 7.4.1). */
const NORMALLY: Closed = { code: 1000, reason: '', mayRetry: true }
/** No PING of a connection's heart has this. */
const LAST_TOKEN = REQUEST_MAX
const LAST_PING = encodeControl({ op: Op.PING, token: LAST_TOKEN })
/** Error codes of HTTP/2 by number (RFC 9113, section 7). */
const HTTP2_ERRORS = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]

/** One bus session over one HTTP/2 request whose body and answer stream both ways: docs/http.md. */
export function http2Sockets(dialer: Dialer): SocketFactory {
  return (url, _subprotocol, events) => new Http2Socket(new URL(url), dialer, events)
}

class Http2Socket implements ClientSocket {
  private readonly events: SocketEvents
  private readonly session: ClientHttp2Session
  private readonly stream: ClientHttp2Stream
  private readonly cutter: FrameCutter
  private socket: Socket | null = null
  private failure: Error | undefined
  private isOpen = false
  private speaksHttp2 = false
  private isClosing = false
  private isOver = false

  /** @throws SyntaxError for a URL that can never work */
  constructor(url: URL, dialer: Dialer, events: SocketEvents) {
    if (url.hash !== '') throw new SyntaxError('the URL of a daemon has no fragment (#)')
    const isSecure = url.protocol === 'https:'
    const place = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || (isSecure ? 443 : 80) }
    this.events = events
    this.cutter = new FrameCutter((frames) => this.received(frames))
    const failed = (error: Error): void => {
      this.failure ??= error
    }
    this.session = connect(url.origin, {
      settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
      createConnection: () => {
        this.socket = isSecure ? dialer.tls(place, ALPN_HTTP2) : dialer.tcp(place)
        // The first to hear of it says what it was; the others that something was.
        return this.socket.on('error', failed)
      },
    })
    this.session.on('error', failed)
    this.session.once('connect', () => this.connected())
    this.stream = this.session.request(headersOf(url), { endStream: false })
    this.stream.on('error', failed)
    this.stream.once('response', (headers) => this.answered(headers))
    this.stream.once('close', () => this.over(this.cut()))
  }

  private connected(): void {
    if (this.socket instanceof TLSSocket && this.socket.alpnProtocol !== ALPN_HTTP2) {
      this.over({ code: CLOSE_ABNORMAL, reason: NO_HTTP2, mayRetry: false })
      return
    }
    this.session.once('remoteSettings', () => {
      this.speaksHttp2 = true
    })
    this.session.setLocalWindowSize(WINDOW_BYTES)
    this.isOpen = true
    this.events.opened()
  }

  private answered(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    const status = headers[':status'] ?? 0
    const type = headers['content-type'] ?? ''
    if (status === 200 && type.startsWith(MEDIA_FRAMES)) {
      this.stream.on('data', (piece: Buffer) => this.cutter.push(piece))
      // A reset is an end to a stream of Node's too; 'close' follows and tells it.
      this.stream.once('end', () => {
        if (!this.stream.rstCode) this.over(this.ended())
      })
    } else if (status === 200) {
      const reason = `${type || 'something'} was answered: there is no Sluice at this address`
      this.over({ code: CLOSE_ABNORMAL, reason, mayRetry: false })
    } else this.refused(status, type)
  }

  private refused(status: number, type: string): void {
    let body = Buffer.alloc(0)
    const tell = (): void => this.over(refusal(status, type, body.toString()))
    this.stream.on('data', (piece: Buffer) => {
      body = Buffer.concat([body, piece])
      if (body.length > REFUSAL_BYTES_MAX) tell()
    })
    this.stream.once('end', tell)
  }

  /** What the daemon's end of the answer means. What it said last is why. */
  private ended(): Closed {
    if (this.isClosing) return NORMALLY
    if (this.cutter.isWithinFrame) {
      return { code: CLOSE_ABNORMAL, reason: 'the answer ended within a frame', mayRetry: true }
    }
    const { bytes, start } = this.cutter.last
    const frame = decodeControl(bytes, start, bytes.length)
    if (typeof frame === 'object' && frame.op === Op.ERROR && closesConnection(frame.code)) {
      return { code: frame.code, reason: frame.message, mayRetry: mayTryAgain(frame.code) }
    }
    if (typeof frame === 'object' && frame.op === Op.GOAWAY) {
      const { code, reason } = frame
      return { code, reason: reason || codeMessage(code), mayRetry: mayTryAgain(code) }
    }
    return { code: CLOSE_NO_STATUS, reason: 'the daemon ended the answer', mayRetry: true }
  }

  /** What it means that there is no answer, or no more of it. */
  private cut(): Closed {
    const { failure: cause } = this
    return { code: CLOSE_ABNORMAL, reason: this.cutReason(), mayRetry: !lacksProtocol(cause), cause }
  }

  private cutReason(): string {
    const { failure } = this
    const isBeforeHttp2 = this.isOpen && !this.speaksHttp2
    if (lacksProtocol(failure)) return NO_HTTP2
    if (isBeforeHttp2 && (failure as NodeJS.ErrnoException | undefined)?.code === 'ERR_HTTP2_ERROR') {
      return 'what answers there does not speak HTTP/2; say ws:// for WebSocket'
    }
    if (failure !== undefined) return named(reasonOf(failure))
    if (isBeforeHttp2) return 'the connection was cut before a word of HTTP/2 had come'
    const wasCancelled = this.stream.rstCode === constants.NGHTTP2_CANCEL && this.socket?.destroyed === false
    return wasCancelled ? 'the daemon cancelled the request' : 'the connection was cut'
  }

  private over(closed: Closed): void {
    if (this.isOver) return
    this.isOver = true
    this.isOpen = false
    this.destroy()
    this.events.closed(closed)
  }

  private destroy(): void {
    this.session.destroy()
    // The session would wait until a peer that does not read has taken its farewell.
    this.socket?.destroy()
  }

  private readonly sent = (error?: Error | null): void => {
    if (this.isOpen && !error) this.events.drained()
  }

  /** node:http2 keeps what it is given until it has left, hence the copy. */
  send(bytes: Uint8Array): void {
    if (this.isOpen && this.stream.writable) this.stream.write(Buffer.from(bytes), this.sent)
  }

  bufferedBytes(): number {
    return this.stream.writableLength
  }

  pause(): void {
    this.stream.pause()
  }

  resume(): void {
    this.stream.resume()
  }

  /**
   * Who has subscribed may still want to hear when all is said, so the daemon does not end its answer then. But when it answers a last PING it has
   * answered everything.
   */
  close(): void {
    this.isClosing = true
    if (!this.isOpen || this.cutter.isBroken) {
      this.terminate()
      return
    }
    this.send(LAST_PING)
    this.stream.end()
  }

  private received(frames: Uint8Array): void {
    this.events.received(frames)
    if (this.isClosing && hasLastPong(frames)) this.over(NORMALLY)
  }

  terminate(): void {
    this.destroy()
  }
}

function hasLastPong(frames: Uint8Array): boolean {
  for (let pos = 0; pos < frames.length; ) {
    const end = frameEnd(frames, pos, frames.length)
    if (end < 0) return false
    if (frames[pos + 1] === Op.PONG) {
      const frame = decodeControl(frames, pos, end)
      if (typeof frame === 'object' && frame.op === Op.PONG && frame.token === LAST_TOKEN) return true
    }
    pos = end
  }
  return false
}

function headersOf(url: URL): { [name: string]: string } {
  const { pathname, search, username, password } = url
  const secret = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return {
    ':method': 'POST',
    ':path': `${pathname.replace(/\/?$/, '/')}${ENDPOINT}${search}`,
    'content-type': MEDIA_FRAMES,
    accept: MEDIA_FRAMES,
    ...(secret !== ':' && { authorization: `Basic ${Buffer.from(secret).toString('base64')}` }),
  }
}

/** Node gives the code of a reset by name, and that of a connection's end by number. */
function named(message: string): string {
  return message.replace('NGHTTP2_', '').replace(/(?<=error code )\d+$/, (code) => HTTP2_ERRORS[Number(code)] ?? code)
}
