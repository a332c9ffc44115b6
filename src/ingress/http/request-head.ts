import type { HttpExchange } from './exchange.js'

/** Our own header fields begin so; they say what an event's metadata is. */
export const OWN_PREFIX = 'sluice-'

/**
 * The header fields of one request that the API looks at, found in one pass: on some transports asking for each by name costs more. One
 * head is made and reused: it holds until the next read. Fields are '' when absent.
 */
export class RequestHead {
  accept = ''
  authorization = ''
  contentEncoding = ''
  contentLength = ''
  contentType = ''
  origin = ''
  prefer = ''
  priority = ''
  /** Fields of ours, names without the prefix, as they came. */
  readonly own: { name: string; value: string }[] = []

  read(exchange: HttpExchange): void {
    this.accept = ''
    this.authorization = ''
    this.contentEncoding = ''
    this.contentLength = ''
    this.contentType = ''
    this.origin = ''
    this.prefer = ''
    this.priority = ''
    if (this.own.length > 0) this.own.length = 0
    exchange.eachHeader(this.visit)
  }

  private readonly visit = (name: string, value: string): void => {
    switch (name) {
      case 'accept':
        this.accept = this.accept === '' ? value : `${this.accept}, ${value}`
        return
      case 'authorization':
        // Of two, neither is to be believed.
        this.authorization = this.authorization === '' ? value : `${this.authorization}, ${value}`
        return
      case 'content-encoding':
        this.contentEncoding = value
        return
      case 'content-length':
        this.contentLength = value
        return
      case 'content-type':
        this.contentType = value
        return
      case 'origin':
        this.origin = value
        return
      case 'prefer':
        this.prefer = this.prefer === '' ? value : `${this.prefer}, ${value}`
        return
      case 'priority':
        this.priority = this.priority === '' ? value : `${this.priority}, ${value}`
        return
      default:
        if (name.startsWith(OWN_PREFIX)) this.own.push({ name: name.slice(OWN_PREFIX.length), value })
    }
  }
}
