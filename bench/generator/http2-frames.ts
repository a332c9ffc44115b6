/** As much of HTTP/2 (RFC 9113) and HPACK (RFC 7541) as a generator needs that encodes everything beforehand. */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
} as const

export const Flag = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8 } as const

const SETTING_ENABLE_PUSH = 2
const SETTING_INITIAL_WINDOW_SIZE = 4
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
export const FRAME_HEADER_BYTES = 9
/** Of a stream and of a connection, before anybody says otherwise. */
export const WINDOW_BYTES_DEFAULT = 65_535
const WINDOW_BYTES_MAX = 2 ** 31 - 1

export function frame(type: number, flags: number, stream: number, parts: readonly Uint8Array[] = []): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const header = Buffer.alloc(FRAME_HEADER_BYTES)
  header.writeUIntBE(length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, ...parts])
}

/** What a client sends first: it takes all that comes, as a generator is there to read. */
export function clientPreface(): Buffer {
  const settings = Buffer.alloc(12)
  settings.writeUInt16BE(SETTING_ENABLE_PUSH, 0)
  settings.writeUInt16BE(SETTING_INITIAL_WINDOW_SIZE, 6)
  settings.writeUInt32BE(WINDOW_BYTES_MAX, 8)
  return Buffer.concat([
    PREFACE,
    frame(FrameType.SETTINGS, 0, 0, [settings]),
    frame(FrameType.WINDOW_UPDATE, 0, 0, [uint32(WINDOW_BYTES_MAX - WINDOW_BYTES_DEFAULT)]),
  ])
}

/** The head of a request, every field literal and not indexed, so that it is the same bytes on every stream. */
export function requestHeaders(
  stream: number,
  fields: Readonly<Record<string, string>>,
  flags: number = Flag.END_HEADERS,
): Buffer {
  const parts = Object.entries(fields).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)])
  return frame(FrameType.HEADERS, flags, stream, parts)
}

/** String literal without Huffman coding (RFC 7541, 5.2). */
function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  if (bytes.length >= 127) throw new Error(`no header of the benchmark is as long as ${value}`)
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Static table (RFC 7541, appendix A): what a server that answers 200 begins a head with. */
const STATUS_200 = 0x88

/** Whether the head of an answer says 200: all that the benchmark's requests are answered with when they are taken. */
export function isOk(headers: Buffer): boolean {
  // A change of the dynamic table's size (001xxxxx) may go first.
  let at = 0
  while ((headers[at] & 0xe0) === 0x20) {
    const isLong = (headers[at++] & 0x1f) === 0x1f
    if (isLong) while ((headers[at++] & 0x80) !== 0);
  }
  return headers[at] === STATUS_200
}

/** What a server granted by its SETTINGS: the first window of every stream, if it says so. */
export function initialWindowOf(settings: Buffer): number | null {
  for (let at = 0; at + 6 <= settings.length; at += 6) {
    if (settings.readUInt16BE(at) === SETTING_INITIAL_WINDOW_SIZE) return settings.readUInt32BE(at + 2)
  }
  return null
}

export interface FrameSink {
  /** Bytes of a DATA frame, which may come in pieces. */
  data(stream: number, chunk: Buffer, start: number, end: number): void
  /** Any other frame, whole. */
  frame(type: number, flags: number, stream: number, body: Buffer): void
  /** After the last byte of a DATA frame that ends its stream. */
  ended(stream: number): void
}

/** Walks a server's frames, wherever the chunks are cut. */
export class FrameReader {
  private readonly header = Buffer.alloc(FRAME_HEADER_BYTES)
  private headerLength = 0
  private bodyLeft = 0
  private parts: Buffer[] = []

  constructor(private readonly sink: FrameSink) {}

  feed(chunk: Buffer, start: number, end: number): void {
    let pos = start
    while (pos < end) {
      if (this.headerLength < FRAME_HEADER_BYTES) {
        this.header[this.headerLength++] = chunk[pos++]
        if (this.headerLength < FRAME_HEADER_BYTES) continue
        this.bodyLeft = this.header.readUIntBE(0, 3)
      }
      const stop = Math.min(end, pos + this.bodyLeft)
      if (stop > pos) this.piece(chunk, pos, stop)
      pos = stop
      if (this.bodyLeft === 0) this.finish()
    }
  }

  private piece(chunk: Buffer, start: number, end: number): void {
    this.bodyLeft -= end - start
    if (this.header[3] === FrameType.DATA) this.sink.data(this.stream, chunk, start, end)
    else this.parts.push(Buffer.from(chunk.subarray(start, end)))
  }

  private finish(): void {
    const [type, flags] = [this.header[3], this.header[4]]
    const { stream } = this
    this.headerLength = 0
    if (type !== FrameType.DATA) {
      const body = Buffer.concat(this.parts)
      this.parts = []
      this.sink.frame(type, flags, stream, body)
    }
    if ((type === FrameType.DATA || type === FrameType.HEADERS) && (flags & Flag.END_STREAM) !== 0) {
      this.sink.ended(stream)
    }
  }

  private get stream(): number {
    return this.header.readUInt32BE(5) & 0x7fffffff
  }
}
