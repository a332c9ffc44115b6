import type { Sample, SlowSubscriber } from '../sample.js'
import type { ThreadTime } from './thread-time.js'

/**
 * Where the time of the routing thread went between two samples, in shares of that time, and what else tells what limits it. The shares of GC and of the
 * wait for a processor lie across the others: a pause happens in the middle of something.
 */
export interface Readings {
  /** How long the routing thread has stood still; 0 when it does not. */
  readonly silentMs: number
  /** Not waiting for input. */
  readonly busy: number
  readonly ingress: number
  readonly parsing: number
  readonly matching: number
  readonly routing: number
  readonly send: number
  readonly gc: number
  /** Busy with what neither the core nor plausible costs of reading explain. */
  readonly stalled: number
  /** Ready to go on while other programs had the processor. */
  readonly starved: number
  readonly lagMaxMs: number
  readonly gcMaxMs: number
  readonly acceptedPerS: number
  readonly matchesPerS: number
  /** Receivers of each routed event, on average. */
  readonly receivers: number
  /** Share of the deliveries that were due which did not go out: dropped because their receiver was too slow, or added to what waits. */
  readonly lost: number
  /** Subscribers that are in the way, worst first, with what was dropped for each since the sample before. */
  readonly slow: readonly { readonly subscriber: SlowSubscriber; readonly dropped: number }[]
  /** Shares of the memory budget and of the heap's limit. */
  readonly memory: number
  readonly heap: number
  readonly isOverloaded: boolean
  /** Deliveries dropped because the memory budget was reached. */
  readonly shed: number
}

/**
 * What reading from sockets may cost at most, to be told from what should not be in the loop at all: framing and the call from native code, an error for a
 * frame that was refused, TLS and copies, transcoding from JSON, a request, a connection with its handshake. Measured ones are about half of it.
 */
const MESSAGE_MS = 0.002
const REFUSED_MS = 0.002
const BYTE_MS = 2e-6
const TRANSCODED_BYTE_MS = 4e-5
const REQUEST_MS = 0.3
const CONNECTION_MS = 3

/** Drops that a receiver which reads as fast as it gets would not have had; to be conflated is what one asks for. */
const SLOW_DROPS = ['drop-oldest', 'drop-newest', 'memory', 'expired'] as const

const share = (part: number, whole: number): number => (whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0)

/**
 * @param thread what the routing thread had of the processors between the samples
 * @param silentMs of Readings
 */
export function readingsOf(sample: Sample, before: Sample, thread: ThreadTime, silentMs: number): Readings {
  const ms = sample.atMs - before.atMs
  const { core, work, loop, transports } = sample
  const busyMs = loop.utilization * ms
  const match = work.matchMs - before.work.matchMs
  const drain = work.drainMs - before.work.drainMs
  // Two are estimates, which one unlucky sample can make many times too large: between what is known of their parts and what the others leave of the time.
  const accept = Math.max(match, Math.min(work.acceptMs - before.work.acceptMs, busyMs - drain))
  const write = Math.min(work.writeMs - before.work.writeMs, busyMs - accept)
  const gc = sum(loop.gc) - sum(before.loop.gc)
  const accepted = core.accepted - before.core.accepted
  const readingMs =
    (transports.messages - before.transports.messages) * MESSAGE_MS +
    (total(core.refused) - total(before.core.refused)) * REFUSED_MS +
    (core.acceptedBytes - before.core.acceptedBytes) * BYTE_MS +
    (work.transcodedBytes - before.work.transcodedBytes) * TRANSCODED_BYTE_MS +
    (transports.requests - before.transports.requests) * REQUEST_MS +
    (transports.opened - before.transports.opened + transports.handshakesFailed - before.transports.handshakesFailed) *
      CONNECTION_MS
  // What is written when a link takes bytes again is outside of a drain.
  const unexplained = Math.max(0, busyMs - accept - Math.max(drain, write) - gc)
  const routed = core.routed - before.core.routed
  // With latencies switched off the core does not say where its time goes: it has all that is not somebody else's, and stalls are not to be told from it.
  const isTimed = routed === 0 || work.drains > before.work.drains
  // Without a processor, everything takes longer.
  const reading = isTimed ? Math.min(unexplained, readingMs / running(thread)) : 0
  const matched = core.matched - before.core.matched
  return {
    silentMs,
    busy: loop.utilization,
    ingress: share(reading, ms),
    parsing: share(accept - match, ms),
    matching: share(match, ms),
    routing: share(isTimed ? drain - write : unexplained, ms),
    send: share(write, ms),
    gc: share(gc, ms),
    stalled: isTimed ? share((unexplained - reading) * running(thread), ms) : 0,
    starved: thread.waited,
    lagMaxMs: loop.lagMaxMs,
    gcMaxMs: loop.gcMaxMs,
    acceptedPerS: ms > 0 ? (accepted * 1000) / ms : 0,
    matchesPerS: ms > 0 ? ((work.matches - before.work.matches) * 1000) / ms : 0,
    receivers: routed > 0 ? matched / routed : 0,
    lost: share(
      slowDrops(sample) - slowDrops(before) + core.pendingInOutboxes - before.core.pendingInOutboxes,
      matched,
    ),
    slow: slowOf(sample, before),
    memory: share(sample.memory.used, sample.memory.budget),
    heap: share(sample.memory.heapUsed, sample.memory.heapLimit),
    isOverloaded: sample.isOverloaded,
    shed: (core.dropped.memory ?? 0) - (before.core.dropped.memory ?? 0),
  }
}

/** The part of the time in which it had something to do that it could do it. */
const running = ({ ran, waited }: ThreadTime): number => (ran > 0 ? ran / (ran + waited) : 1)

const sum = (gc: Sample['loop']['gc']): number => Object.values(gc).reduce((total, { ms }) => total + ms, 0)

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, count) => all + count, 0)

const slowDrops = ({ core }: Sample): number =>
  SLOW_DROPS.reduce((total, reason) => total + (core.dropped[reason] ?? 0), 0)

function slowOf(sample: Sample, before: Sample): Readings['slow'] {
  return sample.slow.map((subscriber) => {
    const earlier = before.slow.find(({ session }) => session === subscriber.session)
    // Of who was not among the slowest before it is not known when its drops were.
    return { subscriber, dropped: earlier === undefined ? 0 : subscriber.dropped - earlier.dropped }
  })
}
