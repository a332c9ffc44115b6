import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { Code, closesConnection, codeMessage } from '../../src/protocol/codes.js'
import {
  type ControlFrame,
  type Credentials,
  decodeControl,
  encodeControl,
  type OkInfo,
  type WelcomeInfo,
} from '../../src/protocol/control.js'
import { Op, PROTOCOL_VERSION, SUBPROTOCOL_MSGPACK } from '../../src/protocol/ops.js'
import { EventScanner, frameEnd } from '../../src/protocol/scan.js'
import { topicMatches } from '../../src/protocol/topic.js'

const decoder = new TextDecoder()

/** The carrier of one session. */
export interface Transport {
  send(bytes: Uint8Array): void
  close(code: number, reason: string): void
  /** Cuts it without a word. */
  kill(): void
  /** What was sent and has not left the process. */
  bufferedBytes?(): number
}

/** An event as the fake daemon took it. */
export interface Taken {
  topic: string
  lane: number
  frame: Uint8Array
}

/** Speaks the protocol honestly, keeps a log, and does on demand what real ones do on bad days. Knows no lanes, bounds or policies. */
export class FakeDaemon {
  readonly sessions: FakeSession[] = []
  /** Events accepted, of all sessions, in order. */
  readonly taken: Taken[] = []
  welcomes = true
  answersSyncs = true
  answersPings = true
  welcomeInfo: WelcomeInfo = {
    version: PROTOCOL_VERSION,
    server: 'fake',
    session: 0,
    software: 'fake',
    limits: {
      messageBytesMax: 1 << 20,
      payloadBytesMax: 1 << 19,
      topicBytesMax: 255,
      topicTokensMax: 16,
      controlBytesMax: 4096,
      subscriptionsMax: 1000,
    },
  }
  /** Why an event or subscription is refused; 0 if it is not. */
  refuses: (topicOrPattern: string) => number = () => 0
  /** What AUTH is answered with: who it is, or a code; null for no answer. */
  knows: (credentials: Credentials) => OkInfo | Code | null = () => ({ user: '' })

  accept(transport: Transport): FakeSession {
    const session = new FakeSession(this, transport)
    this.sessions.push(session)
    if (this.welcomes) session.send({ op: Op.WELCOME, info: this.welcomeInfo })
    return session
  }

  /** The latest session. */
  get last(): FakeSession {
    const session = this.sessions.at(-1)
    if (session === undefined) throw new Error('nobody has connected')
    return session
  }
}

export class FakeSession {
  /** Control frames received, in order. */
  readonly heard: ControlFrame[] = []
  readonly patterns = new Set<string>()
  /** Events in each message that had any: how they were batched. */
  readonly batches: number[] = []
  isOpen = true
  private readonly scanner = new EventScanner()
  private accepted = 0
  private refused = 0
  private out: Uint8Array[] = []

  constructor(
    private readonly daemon: FakeDaemon,
    private readonly transport: Transport,
  ) {}

  get bufferedBytes(): number {
    return this.transport.bufferedBytes?.() ?? 0
  }

  /** How many frames of an op were received. */
  count(op: number): number {
    return this.heard.filter((frame) => frame.op === op).length
  }

  send(...frames: (ControlFrame | Uint8Array)[]): void {
    const parts = frames.map((frame) => (frame instanceof Uint8Array ? frame : encodeControl(frame)))
    if (this.isOpen) this.transport.send(Buffer.concat(parts))
  }

  /** Closes it as a dying process or network does. */
  kill(): void {
    this.isOpen = false
    this.transport.kill()
  }

  close(code: number, reason = ''): void {
    this.isOpen = false
    this.transport.close(code, reason)
  }

  /** Told by the carrier. */
  closed(): void {
    this.isOpen = false
    this.patterns.clear()
  }

  receive(message: Uint8Array): void {
    let events = 0
    for (let pos = 0; pos < message.length; ) {
      const next = frameEnd(message, pos, message.length)
      if (next < 0) throw new Error(`the client sent what is no frame: ${codeMessage(-next)}`)
      if (message[pos + 1] === Op.EVENT) {
        this.event(message, pos)
        events++
      } else this.control(decodeControl(message, pos, next))
      pos = next
    }
    if (events > 0) this.batches.push(events)
    for (const session of this.daemon.sessions) session.flush()
  }

  private event(message: Uint8Array, pos: number): void {
    const { scanner, daemon } = this
    const end = scanner.scan(message, pos, message.length)
    if (end < 0) throw new Error(`the client sent a bad event: ${codeMessage(-end)}`)
    const topic = decoder.decode(message.subarray(scanner.topicStart, scanner.topicEnd))
    const code = daemon.refuses(topic)
    if (code !== 0) {
      this.refused++
      const details = { count: 1, topic, ...(code === Code.OVERLOADED && { retryAfterMs: 500 }) }
      this.out.push(encodeControl({ op: Op.ERROR, request: 0, code, message: codeMessage(code), details }))
      return
    }
    this.accepted++
    const frame = message.slice(pos, end)
    daemon.taken.push({ topic, lane: scanner.lane, frame })
    for (const session of daemon.sessions) {
      if ([...session.patterns].some((pattern) => topicMatches(pattern, topic))) session.out.push(frame)
    }
  }

  private flush(): void {
    const frames = this.out
    this.out = []
    if (frames.length > 0) this.send(...frames)
  }

  private control(frame: ControlFrame | Code): void {
    if (typeof frame === 'number') throw new Error(`the client sent a bad control frame: ${codeMessage(frame)}`)
    this.heard.push(frame)
    switch (frame.op) {
      case Op.SUBSCRIBE:
        this.subscribe(frame.request, frame.pattern)
        break
      case Op.UNSUBSCRIBE:
        this.patterns.delete(frame.pattern)
        break
      case Op.SYNC:
        if (this.daemon.answersSyncs) this.answerSync(frame.request)
        break
      case Op.AUTH:
        this.answerAuth(frame.request, this.daemon.knows(frame.credentials))
        break
      case Op.PING:
        if (this.daemon.answersPings) this.out.push(encodeControl({ op: Op.PONG, token: frame.token }))
        break
      default:
    }
  }

  private subscribe(request: number, pattern: string): void {
    const code = this.daemon.refuses(pattern)
    if (code === 0) {
      this.patterns.add(pattern)
      this.out.push(encodeControl({ op: Op.OK, request }))
    } else {
      this.out.push(encodeControl({ op: Op.ERROR, request, code, message: codeMessage(code), details: {} }))
    }
  }

  private answerAuth(request: number, answer: OkInfo | Code | null): void {
    if (answer === null) return
    if (typeof answer === 'object') {
      this.out.push(encodeControl({ op: Op.OK, request, info: answer }))
      return
    }
    this.send({ op: Op.ERROR, request, code: answer, message: codeMessage(answer), details: {} })
    if (closesConnection(answer)) this.close(answer)
  }

  answerSync(request: number): void {
    this.out.push(encodeControl({ op: Op.SYNCED, request, accepted: this.accepted, refused: this.refused }))
  }
}

export interface Listening {
  readonly url: string
  close(): Promise<void>
}

export interface Tls {
  cert: string
  key: string
}

/** Serves the fake daemon on a loopback port. */
export function listen(daemon: FakeDaemon, port = 0, tls?: Tls): Promise<Listening> {
  const carrier = tls === undefined ? createServer() : createSecureServer(tls)
  const server = new WebSocketServer({
    server: carrier,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL_MSGPACK) ? SUBPROTOCOL_MSGPACK : false),
  })
  server.on('connection', (socket) => {
    const session = daemon.accept({
      send: (bytes) => socket.send(bytes),
      close: (code, reason) => socket.close(code, reason),
      kill: () => socket.terminate(),
      bufferedBytes: () => socket.bufferedAmount,
    })
    socket.on('message', (data: Buffer) => session.receive(new Uint8Array(data)))
    socket.on('close', () => session.closed())
  })
  return new Promise((resolve, reject) => {
    carrier.on('error', reject)
    carrier.listen(port, '127.0.0.1', () => {
      resolve({
        url: `${tls === undefined ? 'ws' : 'wss'}://127.0.0.1:${(carrier.address() as AddressInfo).port}`,
        close: () => {
          for (const socket of server.clients) socket.terminate()
          return new Promise((done) => carrier.close(() => done()))
        },
      })
    })
  })
}
