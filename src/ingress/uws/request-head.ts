import type { HttpRequest } from 'uWebSockets.js'

/** Statuses for requests whose end cannot be told for certain (RFC 9112, 6.1 and 6.3). */
const BAD_REQUEST = 400
const NOT_IMPLEMENTED = 501

/**
 * The head of the request that is being handled, copied out of the native module in one pass, since every call into it costs. One is made and
 * reused: it holds until the next read.
 */
export class UwsRequestHead {
  method = ''
  path = ''
  query = ''
  private readonly names: string[] = []
  private readonly values: string[] = []
  private lengths = 0
  private coding = ''

  read(request: HttpRequest): void {
    this.method = request.getCaseSensitiveMethod()
    this.path = request.getUrl()
    // Undefined when there is no question mark, whatever its types say.
    this.query = request.getQuery() ?? ''
    this.names.length = 0
    this.values.length = 0
    this.lengths = 0
    this.coding = ''
    request.forEach(this.add)
  }

  private readonly add = (name: string, value: string): void => {
    this.names.push(name)
    this.values.push(value)
    if (name === 'content-length') this.lengths++
    else if (name === 'transfer-encoding') this.coding += value
  }

  /**
   * uWebSockets.js goes by the first of several lengths, and takes every transfer coding for "chunked". Whoever stands before it may see another end of
   * this request, and what comes after it as another request.
   * @returns the status to refuse it with, or 0
   */
  get framingRefusal(): number {
    if (this.lengths > 1) return BAD_REQUEST
    return this.coding === '' || this.coding.toLowerCase() === 'chunked' ? 0 : NOT_IMPLEMENTED
  }

  /** Whether the body comes in chunks. */
  get isChunked(): boolean {
    return this.coding !== ''
  }

  /** Several fields of one name are one, joined by commas; '' when absent. */
  header(name: string): string {
    const { names, values } = this
    let joined = ''
    for (let i = names.indexOf(name); i >= 0; i = names.indexOf(name, i + 1)) {
      joined = joined === '' ? values[i] : `${joined}, ${values[i]}`
    }
    return joined
  }

  each(visit: (name: string, value: string) => void): void {
    const { names, values } = this
    for (let i = 0; i < names.length; i++) visit(names[i], values[i])
  }
}
