import type { Socket } from 'node:net'

const ANSWER = Buffer.from('HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n')
const AT_A_TIME_MAX = 4096
const answers = Buffer.concat(Array.from({ length: AT_A_TIME_MAX }, () => ANSWER))

/** Answers HTTP/1.1 requests that are all as long as the first one, by counting bytes. */
export function answerAll(socket: Socket): void {
  let requestBytes = 0
  let received = 0
  socket.on('data', (chunk) => {
    if (requestBytes === 0) requestBytes = lengthOf(chunk)
    received += chunk.length
    for (let due = Math.floor(received / requestBytes); due > 0; ) {
      const count = Math.min(due, AT_A_TIME_MAX)
      received -= count * requestBytes
      due -= count
      socket.write(answers.subarray(0, count * ANSWER.length))
    }
  })
}

function lengthOf(request: Buffer): number {
  const head = request.indexOf('\r\n\r\n') + 4
  if (head < 4) throw new Error('a request whose head does not come in one piece')
  const body = /^content-length: *(\d+)/im.exec(request.toString('latin1', 0, head))?.[1]
  return head + Number(body ?? 0)
}
