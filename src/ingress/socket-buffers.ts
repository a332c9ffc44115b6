import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Milliseconds for the helper process, which needs some fifty. */
const HELPER_TIMEOUT_MS = 5000
/** State of a listening socket in /proc/net/tcp. */
const LISTENING = '0A'

/** Bounds of the kernel's buffers of one connection, in bytes. Linux allows itself twice as much, for what it keeps beside the data. */
export interface SocketBuffers {
  receive: number
  send: number
}

/**
 * What the helper process runs: it makes a libuv handle of the socket that it inherited as descriptor 3 and sets SO_RCVBUF and SO_SNDBUF through
 * it. The options belong to the socket, which both processes share.
 */
const HELPER = `
const { UDP } = process.binding('udp_wrap')
const handle = new UDP()
const context = {}
const [receive, send] = process.argv.slice(1).map(Number)
const done =
  handle.open(3) === 0 &&
  handle.bufferSize(receive, true, context) !== undefined &&
  handle.bufferSize(send, false, context) !== undefined
if (!done) {
  console.error(context.message ?? 'the descriptor cannot be opened')
  process.exit(1)
}
`

/**
 * Bounds the kernel's buffers of the connections that a listening port will accept, which inherit them. Node has no way to set these options on
 * a stream, uWebSockets.js none at all.
 *
 * Why receive: when a read fills all of the 512 KiB that uSockets reads into, it reads the same socket again at once, without looking at any other. Linux
 * lets receive buffers grow to many megabytes, so that one publisher who is faster than the daemon would keep it there for ever: no other
 * socket is read, none is written on after it was full once, no timer runs. With less than 512 KiB in the buffer every read ends the turn of that socket.
 *
 * Why send: what is in the kernel is first-in-first-out. Linux lets send buffers grow to megabytes, in which an urgent event would stand behind
 * milliseconds of others; what does not fit waits in our outbox, where lanes overtake.
 *
 * Where it cannot be done the operator is told.
 */
export async function boundSocketBuffers(
  port: number,
  { socketBuffers, warn }: { socketBuffers: SocketBuffers; warn(sentence: string): void },
): Promise<void> {
  const failure = await bound(port, socketBuffers)
  if (failure === null) return
  warn(`port ${port}: socket buffers are not bounded, so urgent events may wait behind those of others: ${failure}`)
}

/** @returns null when it is done, or why not */
async function bound(port: number, { receive, send }: SocketBuffers): Promise<string | null> {
  if (process.platform !== 'linux') return 'it can be done on Linux only'
  try {
    const descriptor = listeningDescriptor(port)
    if (descriptor === null) return 'the listening socket is not to be found in /proc/self'
    return await runHelper(descriptor, [String(receive), String(send)])
  } catch (error) {
    return (error as Error).message
  }
}

/** Descriptor of this process's socket that listens on a TCP port, or null. */
function listeningDescriptor(port: number): number | null {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const inodes = new Set<string>()
  for (const table of ['/proc/self/net/tcp', '/proc/self/net/tcp6']) {
    for (const line of readFileSync(table, 'utf8').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/)
      if (fields[3] === LISTENING && fields[1].endsWith(suffix)) inodes.add(`socket:[${fields[9]}]`)
    }
  }
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (inodes.has(readlinkSync(`/proc/self/fd/${name}`))) return Number(name)
    } catch {
      // The descriptor of the directory listing itself is gone by now.
    }
  }
  return null
}

function runHelper(descriptor: number, sizes: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const helper = spawn(process.execPath, ['-e', HELPER, '--', ...sizes], {
      stdio: ['ignore', 'ignore', 'pipe', descriptor],
      timeout: HELPER_TIMEOUT_MS,
    })
    let said = ''
    helper.stderr?.on('data', (data: Buffer) => {
      said += data.toString()
    })
    helper.once('error', (error) => resolve(error.message))
    helper.once('close', (code) => {
      if (code === 0) resolve(null)
      else resolve(said.trim().split('\n')[0] || `the helper process ended with ${code}`)
    })
  })
}
