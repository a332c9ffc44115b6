export interface SourceEvent {
  /** `message` where the stream gives no name. */
  type: string
  data: string
  /** The last id that the stream has given. */
  lastEventId: string
}

/** Reads a stream of server-sent events as a browser does (WHATWG HTML, 9.2.6), whatever the pieces that it comes in. */
export class EventSourceReader {
  readonly events: SourceEvent[] = []
  retryMs = 0
  comments = 0
  lastEventId = ''
  private readonly decoder = new TextDecoder('utf-8', { fatal: true })
  private rest = ''
  private type = ''
  private data: string[] = []
  private id = ''

  feed(bytes: Uint8Array): void {
    const lines = (this.rest + this.decoder.decode(bytes, { stream: true })).split(/\r\n|\n|\r/)
    this.rest = lines.pop() as string
    for (const line of lines) this.line(line)
  }

  private line(line: string): void {
    if (line === '') {
      this.dispatch()
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) {
      this.comments++
      return
    }
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') this.type = value
    else if (field === 'data') this.data.push(value)
    else if (field === 'id' && !value.includes('\0')) this.id = value
    else if (field === 'retry' && /^[0-9]+$/.test(value)) this.retryMs = Number(value)
    else throw new Error(`a browser ignores the line ${line}`)
  }

  private dispatch(): void {
    this.lastEventId = this.id
    if (this.data.length > 0) {
      this.events.push({
        type: this.type === '' ? 'message' : this.type,
        data: this.data.join('\n'),
        lastEventId: this.lastEventId,
      })
    }
    this.type = ''
    this.data = []
  }

  /** Events of a type since the last call, as the arrays that they carry. */
  take(type = 'message'): unknown[][] {
    const taken = this.events.filter((event) => event.type === type)
    for (const event of taken) this.events.splice(this.events.indexOf(event), 1)
    return taken.map(({ data }) => JSON.parse(data) as unknown[])
  }
}
