import { type ClientHttp2Session, connect } from 'node:http2'
import { ErrorCode, RawHttp2, request, reset } from '../helpers/http2-raw.js'
import { until } from '../helpers/until.js'

/** On Node 20 nghttp2 bears 33 resets a second, and 1,000 more; the attacks take a minute at most. */
const INTERVAL_MS = 20

/** Clients that behave well while others do not. */
export interface Http2Neighbours {
  /** Requests that were sent, and those that were answered as they should. */
  readonly sent: number
  readonly answered: number
  stop(): Promise<{ answered: number; failures: string[] }>
}

/**
 * Two of them: one publishes over one connection all the time; one resets each of its streams when it has the whole answer, which is right, if not useful
 * (RFC 9113, 5.1).
 */
export async function http2Neighbours(port: number, path = '/'): Promise<Http2Neighbours> {
  const failures: string[] = []
  const counts = { sent: 0, answered: 0 }
  let isStopping = false
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', (error) => failures.push(`the publisher's connection: ${error.message}`))
  session.on('close', () => isStopping || failures.push('the connection of the publisher was closed'))
  const resetting = await RawHttp2.open(port)
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, INTERVAL_MS))

  const publishing = (async () => {
    while (!isStopping && failures.length === 0) {
      counts.sent++
      const status = await post(session, path)
      if (status === 202) counts.answered++
      else failures.push(`the publisher was answered ${status}`)
      await pause()
    }
  })()
  const resets = (async () => {
    for (let stream = 1; !isStopping && failures.length === 0; stream += 2) {
      counts.sent++
      resetting.frames.length = 0
      resetting.send(request(stream, { method: 'POST', path }))
      await until('an answer, or the end', () => resetting.isClosed || resetting.isAnswered(stream))
      if (resetting.isClosed || resetting.goaway !== null)
        failures.push('the connection of the resetting one was closed')
      else counts.answered++
      resetting.send(reset(stream, stream % 4 === 1 ? ErrorCode.CANCEL : ErrorCode.NO_ERROR))
      await pause()
    }
  })()

  return {
    get sent() {
      return counts.sent
    },
    get answered() {
      return counts.answered
    },
    async stop() {
      isStopping = true
      await Promise.all([publishing, resets])
      session.close()
      resetting.socket.destroy()
      return { answered: counts.answered, failures }
    },
  }
}

function post(session: ClientHttp2Session, path: string): Promise<number> {
  return new Promise((resolve) => {
    const stream = session.request({ ':method': 'POST', ':path': path })
    let status = 0
    stream.on('response', (headers) => {
      status = Number(headers[':status'])
    })
    stream.on('error', () => resolve(0))
    stream.on('close', () => resolve(status))
    stream.resume()
    stream.end('{"id":1}')
  })
}
