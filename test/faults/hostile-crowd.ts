import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { clientFrame } from '../helpers/ws-frames.js'
import type { HostileNews, HostileOptions } from './hostile-crowd-process.js'
import { UPGRADE } from './upgrade.js'

/**
 * A child process of those who mean no good: half-open, silent, a head that trickles, a message that trickles, garbage, oversized, never saying who they are, and
 * garbage where TLS is spoken. Each kind has an equal share of the sockets.
 */
const { size, port, httpsPort } = JSON.parse(process.argv[2]) as HostileOptions
const BINARY = 2
const TRICKLE_MS = 500
const AT_A_TIME = 200
const MACHINES = 100
const GARBAGE = randomBytes(2000)
const OVERSIZED = clientFrame(BINARY, Buffer.alloc(40_000))
const STUCK = clientFrame(BINARY, Buffer.alloc(4000)).subarray(0, 100)

/** @returns what it sends now and then, from then on */
type Attack = (socket: Socket) => Uint8Array | string | null

const ATTACKS: readonly [name: string, isTls: boolean, attack: Attack][] = [
  ['silent', false, () => null],
  [
    'half-open',
    false,
    (socket) => {
      socket.write(UPGRADE)
      // It reads nothing and answers nothing from now on: as a machine that has lost its power.
      socket.pause()
      return null
    },
  ],
  [
    'head that trickles',
    false,
    (socket) => {
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nX: ')
      return 'y'
    },
  ],
  [
    'message that trickles',
    false,
    (socket) => {
      socket.write(UPGRADE)
      socket.write(STUCK)
      return Buffer.alloc(1)
    },
  ],
  [
    'garbage',
    false,
    (socket) => {
      socket.write(GARBAGE)
      return null
    },
  ],
  [
    'oversized',
    false,
    (socket) => {
      socket.write(UPGRADE)
      socket.write(OVERSIZED)
      return null
    },
  ],
  [
    'never says who it is',
    false,
    (socket) => {
      socket.write(UPGRADE)
      return clientFrame(9)
    },
  ],
  [
    'garbage for TLS',
    true,
    (socket) => {
      socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]))
      return Buffer.alloc(1)
    },
  ],
]

let connected = 0
let over = 0
let refused = 0
const left = new Map<string, number>()
/** Milliseconds that the last of each kind was there. */
const longestMs = new Map<string, number>()
const trickling = new Map<Socket, Uint8Array | string>()

function open(i: number): Promise<void> {
  const [name, isTls, attack] = ATTACKS[i % ATTACKS.length]
  const socket = connect({
    port: isTls ? httpsPort : port,
    host: '127.0.0.1',
    // Machines of their own, as it were: of one address there are 28,000 ports to come from.
    localAddress: `127.0.${1 + (i % ATTACKS.length)}.${1 + (i % MACHINES)}`,
  })
  return new Promise((resolve) => {
    let startedAt = 0
    socket.once('connect', () => {
      connected++
      startedAt = performance.now()
      left.set(name, (left.get(name) ?? 0) + 1)
      const more = attack(socket)
      if (more !== null) trickling.set(socket, more)
      resolve()
    })
    if (name !== 'half-open') socket.resume()
    socket.on('error', () => {})
    socket.once('close', () => {
      trickling.delete(socket)
      if (startedAt === 0) refused++
      else {
        over++
        left.set(name, (left.get(name) as number) - 1)
        longestMs.set(name, Math.max(longestMs.get(name) ?? 0, performance.now() - startedAt))
      }
      resolve()
    })
  })
}

setInterval(() => {
  for (const [socket, more] of trickling) socket.write(more)
}, TRICKLE_MS)

let next = 0
async function openSome(): Promise<void> {
  while (next < size) await open(next++)
}

function tell(): void {
  const news: HostileNews = {
    connected,
    over,
    refused,
    left: Object.fromEntries(left),
    longestMs: Object.fromEntries(Array.from(longestMs, ([name, ms]) => [name, Math.round(ms)])),
  }
  process.send?.(news)
}

process.on('message', tell)
await Promise.all(Array.from({ length: AT_A_TIME }, openSome))
tell()
