import { connect, type Socket } from 'node:net'
import { until } from './until.js'

/** Frame types (RFC 9113, section 6). */
export const Type = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const

export const Flag = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8 } as const

/** Error codes (RFC 9113, section 7). */
export const ErrorCode = { NO_ERROR: 0, PROTOCOL_ERROR: 1, CANCEL: 8, ENHANCE_YOUR_CALM: 11 } as const

/** Identifiers of settings (RFC 9113, 6.5.2). */
export const Setting = { INITIAL_WINDOW_SIZE: 4 } as const

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
export const WINDOW_MAX = 2 ** 31 - 1

const HEADER_BYTES = 9

export interface Frame {
  type: number
  flags: number
  stream: number
  payload: Buffer
}

export type HeaderList = readonly (readonly [name: string, value: string])[]

export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(HEADER_BYTES)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

export function settings(...pairs: [id: number, value: number][]): Buffer {
  const payload = Buffer.alloc(6 * pairs.length)
  pairs.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, 6 * i)
    payload.writeUInt32BE(value, 6 * i + 2)
  })
  return frame(Type.SETTINGS, 0, 0, payload)
}

function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length: number[] = []
  let rest = bytes.length
  if (rest < 127) length.push(rest)
  else {
    length.push(127)
    for (rest -= 127; rest >= 128; rest >>>= 7) length.push((rest & 127) | 128)
    length.push(rest)
  }
  return Buffer.concat([Buffer.from(length), bytes])
}

/** Literals with new names (RFC 7541, 6.2), which the other side keeps in its table if `indexed`. */
export function hpack(headers: HeaderList, indexed = false): Buffer {
  const kind = Buffer.from([indexed ? 0x40 : 0])
  return Buffer.concat(headers.flatMap(([name, value]) => [kind, hpackText(name), hpackText(value)]))
}

export function requestHeaders(method: string, path: string, more: HeaderList = []): HeaderList {
  return [[':method', method], [':scheme', 'http'], [':path', path], [':authority', 'x'], ...more]
}

export interface RequestParts {
  method?: string
  path?: string
  headers?: HeaderList
  endStream?: boolean
}

/** A whole head in one HEADERS frame. */
export function request(stream: number, parts: RequestParts = {}): Buffer {
  const { method = 'GET', path = '/', headers = [], endStream = true } = parts
  const flags = Flag.END_HEADERS | (endStream ? Flag.END_STREAM : 0)
  return frame(Type.HEADERS, flags, stream, hpack(requestHeaders(method, path, headers)))
}

export function reset(stream: number, code: number = ErrorCode.CANCEL): Buffer {
  return frame(Type.RST_STREAM, 0, stream, uint32(code))
}

/** Writes frames of HTTP/2 as a test wants them, whether they make sense or not, and looks at what comes back. */
export class RawHttp2 {
  readonly frames: Frame[] = []
  isClosed = false
  /** Error code of the last GOAWAY. */
  goaway: number | null = null
  closedAtMs = 0
  onFrame: (frame: Frame) => void = (frame) => this.frames.push(frame)
  private rest = Buffer.alloc(0)

  constructor(readonly socket: Socket) {
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.read(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.isClosed = true
      this.closedAtMs = performance.now()
    })
  }

  /** A connection that nothing has been sent on. */
  static async silent(port: number): Promise<RawHttp2> {
    const socket = connect({ host: '127.0.0.1', port })
    const client = new RawHttp2(socket)
    await until('a connection', () => !socket.connecting)
    return client
  }

  /** With the preface, these settings, and the other side's settings acknowledged. */
  static async open(port: number, first: Buffer = settings()): Promise<RawHttp2> {
    const client = await RawHttp2.silent(port)
    client.send(PREFACE, first)
    await until('settings', () => client.frames.some(({ type }) => type === Type.SETTINGS))
    client.send(frame(Type.SETTINGS, Flag.ACK, 0))
    return client
  }

  send(...frames: Buffer[]): void {
    if (!this.isClosed) this.socket.write(Buffer.concat(frames))
  }

  /** Sends what `make` gives, over and over, as fast as the other side reads, until it closes or so many have been sent. */
  async flood(most: number, make: (i: number) => Buffer, perWrite = 200): Promise<void> {
    for (let sent = 0; sent < most && !this.isClosed; ) {
      const batch: Buffer[] = []
      for (let i = 0; i < perWrite && sent < most; i++) batch.push(make(sent++))
      this.socket.write(Buffer.concat(batch))
      await new Promise((resolve) => setImmediate(resolve))
      await until('the flood flows', () => this.isClosed || !this.socket.writableNeedDrain)
    }
  }

  untilClosed(): Promise<void> {
    return until('the connection is closed', () => this.isClosed)
  }

  /** Whether the answer on this stream is complete. */
  isAnswered(stream: number): boolean {
    return this.frames.some(
      (frame) => frame.stream === stream && frame.type <= Type.HEADERS && (frame.flags & Flag.END_STREAM) !== 0,
    )
  }

  private read(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk])
    while (this.rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + this.rest.readUIntBE(0, 3)
      if (this.rest.length < end) return
      const [type, flags] = [this.rest[3], this.rest[4]]
      const stream = this.rest.readUInt32BE(5) & WINDOW_MAX
      const payload = this.rest.subarray(HEADER_BYTES, end)
      if (type === Type.GOAWAY) this.goaway = payload.readUInt32BE(4)
      this.onFrame({ type, flags, stream, payload })
      this.rest = this.rest.subarray(end)
    }
  }
}
