/** Start of the origin in an absolute-form target (RFC 9112, 3.2.2), as clients of a proxy send it. */
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i

/** Path and query of a request target, both as they were sent; the query without its question mark. */
export class RequestTarget {
  readonly path: string
  readonly query: string

  constructor(target: string) {
    if (target.charCodeAt(0) !== 0x2f) target = target.replace(ABSOLUTE, '')
    const mark = target.indexOf('?')
    this.path = mark < 0 ? target : target.slice(0, mark)
    this.query = mark < 0 ? '' : target.slice(mark + 1)
    if (this.path === '') this.path = '/'
  }
}
