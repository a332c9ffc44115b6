import { connect, type Socket } from 'node:net'
import { until } from './until.js'

export interface RawAnswer {
  status: number
  headers: { [name: string]: string }
  body: string
}

/** A connection that says byte for byte what a test wants to be said in HTTP/1.1. */
export class RawHttp {
  readonly socket: Socket
  received = ''
  isClosed = false

  constructor(t: { teardown(run: () => unknown): void }, port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.socket.on('data', (data: Buffer) => {
      this.received += data.toString('latin1')
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.isClosed = true
    })
    t.teardown(() => this.socket.destroy())
  }

  /** Resolves when the kernel has it. */
  send(text: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.socket.write(text, () => resolve()))
  }

  /** Bodies of known length only. */
  get answers(): RawAnswer[] {
    const answers: RawAnswer[] = []
    let rest = this.received
    for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
      const [line, ...fields] = rest.slice(0, end).split('\r\n')
      const headers = Object.fromEntries(
        fields.map((field) => [field.split(': ')[0].toLowerCase(), field.split(': ')[1]]),
      )
      const start = end + 4
      const stop = start + Number(headers['content-length'] ?? 0)
      if (rest.length < stop) break
      answers.push({ status: Number(line.split(' ')[1]), headers, body: rest.slice(start, stop) })
      rest = rest.slice(stop)
    }
    return answers
  }

  /** Resolves to that many answers. */
  async take(count = 1): Promise<RawAnswer[]> {
    await until(`${count} answers`, () => this.answers.length >= count || this.isClosed)
    return this.answers
  }

  untilClosed(patienceMs?: number): Promise<void> {
    return until('the end of the connection', () => this.isClosed, patienceMs)
  }
}
