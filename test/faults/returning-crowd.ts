import { connect, type Socket } from 'node:net'
import { connect as connectSecure, type TLSSocket } from 'node:tls'
import { encodeControl } from '../../src/protocol/control.js'
import { Op } from '../../src/protocol/ops.js'
import { clientFrame } from '../helpers/ws-frames.js'
import type { CrowdCommand, CrowdNews, ReturningOptions } from './returning-crowd-process.js'
import { UPGRADE } from './upgrade.js'

/**
 * A child process of subscribers that all lose their daemon in one moment, and all come back in the next one: no jitter, no pause. On bare sockets, so that what is
 * measured is the daemon. Who is refused, or cut, tries again at once.
 */
const { size, isSecure } = JSON.parse(process.argv[2]) as ReturningOptions
const BINARY = 2
const SUBSCRIBE = clientFrame(
  BINARY,
  encodeControl({ op: Op.SUBSCRIBE, request: 1, pattern: 'storm.everybody', options: {} }),
)
const PROBE_INTERVAL_MS = 5

/** Of each connection that there has been. */
const sessions: (() => Buffer | undefined)[] = []
let port = 0
let back = 0
let lost = 0
let attempts = 0
let startedAt = 0
let cpuBefore = 0

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Comes back until it has been answered OK. */
function come(session: Buffer | undefined): void {
  attempts++
  let isBack = false
  let hasAsked = false
  let received = ''
  let known = session
  const socket: Socket | TLSSocket = isSecure
    ? connectSecure({ port, host: '127.0.0.1', rejectUnauthorized: false, session })
    : connect({ port, host: '127.0.0.1' })
  socket.on('session', (fresh: Buffer) => {
    known = fresh
  })
  socket.once(isSecure ? 'secureConnect' : 'connect', () => socket.write(UPGRADE))
  socket.on('data', (data: Buffer) => {
    if (isBack) return
    received += data.toString('latin1')
    const end = received.indexOf('\r\n\r\n') + 4
    if (end < 4) return
    // WELCOME, and then OK.
    const welcome = received.length >= end + 4 ? frameEnd(received, end) : Number.POSITIVE_INFINITY
    if (!hasAsked && received.length >= welcome) {
      hasAsked = true
      socket.write(SUBSCRIBE)
    }
    if (received.length <= welcome) return
    isBack = true
    received = ''
    if (++back === size) tell({ what: 'back', ms: performance.now() - startedAt, attempts, cpuMs: cpuMs() - cpuBefore })
  })
  socket.on('error', () => {})
  socket.once('close', () => {
    if (!isBack) come(known)
    else if (++lost === size) tell({ what: 'lost', ms: 0, attempts, cpuMs: 0 })
  })
  sessions.push(() => known)
}

/** Where the first frame of a server ends: no mask, at most 64 KiB. */
function frameEnd(text: string, start: number): number {
  const length = text.charCodeAt(start + 1)
  return length < 126 ? start + 2 + length : start + 4 + text.charCodeAt(start + 2) * 256 + text.charCodeAt(start + 3)
}

/** Waits for somebody to listen, then all come at once. */
function comeBack(): void {
  const probe = connect({ port, host: '127.0.0.1' })
  probe.once('error', () => setTimeout(comeBack, PROBE_INTERVAL_MS))
  probe.once('connect', () => {
    probe.destroy()
    startedAt = performance.now()
    cpuBefore = cpuMs()
    const known = sessions.splice(0).map((session) => session())
    for (let i = 0; i < size; i++) come(known[i])
  })
}

function tell(news: CrowdNews): void {
  process.send?.(news)
}

process.on('message', (command: CrowdCommand) => {
  port = command.port
  back = 0
  lost = 0
  attempts = 0
  comeBack()
})
