import type { SlowSubscriber } from '../sample.js'
import type { Limit } from '../stats.js'
import type { Readings } from './readings.js'

/** What might limit the daemon, and how much it does. */
export interface Finding {
  readonly limit: Limit
  /** 1 and more: it limits. Comparable between limits. */
  readonly pressure: number
  readonly share: number
  readonly says: string
  readonly subscriber: SlowSubscriber | null
}

/** From this share of its time on, the routing thread has no room left: what takes most of it is the limit. */
const SATURATED = 0.8
/** Shares from which on something is a limit although there is room left, because of what it does to latency. */
const MATCHING = 0.25
const GC = 0.1
const STARVED = 0.3
const STALLED = 0.03
const MEMORY = 0.9
/** Events a second, or a share of the time: with less, as for the daemon's own events, it does not matter that it waits. */
const WORTH_EVENTS = 10
const WORTH_BUSY = 0.05
/** A loop that is not late by this much does not stall, whatever it does. */
const STALL_LAG_MS = 3
/** A pause this long is a limit by itself while there are events that it holds up. */
const GC_PAUSE_MS = 50
/** Whose link has taken nothing for so long is in the way. */
const BLOCKED_MS = 400
/** Pressure of a subscriber that is in the way of itself only: enough to be named at once. */
const IN_THE_WAY = 1.3
/** Of so many deliveries that do not go out, the receivers are to blame, and not who hands them out. */
const LOST = 0.1
/** A subscriber with so many times as much waiting takes the place of the one that was named. */
const FAR_WORSE = 4
/** Receivers of an event from which on handing it out is fanning it out. */
const FANOUT = 4
/** So many times its threshold is as clear as it gets: the share decides then. */
const PRESSURE_MAX = 2.5
/** Without a processor all else takes longer, too: what is wrong besides is more worth telling, and what is merely much work is less. */
const STARVED_MAX = 1.9
/** By how much the share decides between kinds of work, of which none can be more than the time there is. */
const OF_WORK = 0.2

/** Above all others: nothing else is known then. */
const SILENCE = 10

/** Pressures below 1 stay below; above, the share orders those that limit. */
function weigh(pressure: number, share: number): number {
  return pressure < 1 ? pressure : Math.min(PRESSURE_MAX, pressure) + share
}

/**
 * Everything that might limit, each limit at most once; `idle` is what is left when none has a pressure of 1.
 * @param named session of the subscriber that was named last, which is named again unless another one is far worse; 0 for none
 */
export function findingsOf(readings: Readings, named = 0): Finding[] {
  return [
    idle(readings),
    ...work(readings),
    slowConsumer(readings, named),
    gc(readings),
    stall(readings),
    starved(readings),
    memory(readings),
  ]
}

function idle({ busy }: Readings): Finding {
  const says = `waits for input ${percent(1 - busy)} of the time`
  return { limit: 'idle', pressure: 1, share: busy, says, subscriber: null }
}

/** Where the time goes when it is used up. */
function work(readings: Readings): Finding[] {
  const { busy, ingress, parsing, matching, routing, send, receivers } = readings
  const handing = receivers >= FANOUT ? 'fanout' : 'routing'
  const parts: readonly (readonly [Limit, number, string])[] = [
    ['ingress', ingress, 'reading from sockets'],
    ['parsing', parsing, 'walking through frames'],
    ['matching', matching, `matching topics with patterns, ${rounded(readings.matchesPerS)} walks a second,`],
    [
      handing,
      routing,
      handing === 'fanout' ? `handing each event to ${rounded(receivers)} receivers` : 'passing events on',
    ],
    ['send', send, 'writing to sockets'],
  ]
  const most = Math.max(ingress, parsing, matching, routing, send)
  return parts.map(([limit, share, what]) => {
    const full = most > 0 ? (busy / SATURATED) * (share / most) : 0
    let pressure = full < 1 ? full : full + OF_WORK * share
    if (limit === 'matching') pressure = Math.max(pressure, weigh(share / MATCHING, share))
    const says = `${what} takes ${percent(share)} of the routing thread's time, which is ${percent(busy)} busy`
    return { limit, pressure, share, says, subscriber: null }
  })
}

function slowConsumer({ slow, lost }: Readings, named: number): Finding {
  const inTheWay = slow.filter(({ subscriber: { blockedMs, pendingBytes }, dropped }) => {
    return dropped > 0 || (blockedMs >= BLOCKED_MS && pendingBytes > 0)
  })
  if (inTheWay.length === 0) {
    return { limit: 'slow-consumer', pressure: 0, share: lost, says: 'all subscribers keep up', subscriber: null }
  }
  const again = inTheWay.find(({ subscriber }) => subscriber.session === named)
  const isFarWorse =
    again !== undefined && inTheWay[0].subscriber.pendingBytes > FAR_WORSE * again.subscriber.pendingBytes
  const { subscriber, dropped } = again === undefined || isFarWorse ? inTheWay[0] : again
  const figures = [`${bytes(subscriber.pendingBytes)} wait for it`]
  if (subscriber.blockedMs >= BLOCKED_MS)
    figures.unshift(`its connection has taken nothing for ${seconds(subscriber.blockedMs)}`)
  if (dropped > 0) figures.push(`${rounded(dropped)} events were dropped for it in the last second`)
  const says = `subscriber ${who(subscriber)} does not keep up: ${figures.join(', ')}`
  return { limit: 'slow-consumer', pressure: weigh(IN_THE_WAY + lost / LOST, lost), share: lost, says, subscriber }
}

function gc({ gc: share, gcMaxMs, acceptedPerS }: Readings): Finding {
  const pressure = Math.max(share / GC, acceptedPerS >= WORTH_EVENTS ? gcMaxMs / GC_PAUSE_MS : 0)
  const says = `collecting garbage takes ${percent(share)} of the time, the longest pause ${milliseconds(gcMaxMs)}`
  return { limit: 'gc', pressure: weigh(pressure, share), share, says, subscriber: null }
}

function stall({ stalled, silentMs, lagMaxMs, gc: collecting }: Readings): Finding {
  if (silentMs > 0) {
    const says = `the routing thread has stood still for ${seconds(silentMs)}`
    return { limit: 'stall', pressure: SILENCE, share: 1, says, subscriber: null }
  }
  // What makes garbage takes time, too: the pauses are the larger harm then.
  const isStall = lagMaxMs >= STALL_LAG_MS && stalled > collecting
  const says = `something holds the event loop for ${percent(stalled)} of the time, at most ${milliseconds(lagMaxMs)} at once`
  return {
    limit: 'stall',
    pressure: isStall ? weigh(stalled / STALLED, stalled) : 0,
    share: stalled,
    says,
    subscriber: null,
  }
}

function starved({ starved: share, acceptedPerS, busy }: Readings): Finding {
  const says = `the routing thread waits for a processor ${percent(share)} of the time: something else has it`
  // Who has hardly anything to do misses nothing.
  const isWorth = acceptedPerS >= WORTH_EVENTS || busy >= WORTH_BUSY
  const pressure = isWorth ? Math.min(STARVED_MAX, share / STARVED) : 0
  return { limit: 'starved', pressure, share, says, subscriber: null }
}

function memory({ memory: used, heap, isOverloaded, shed, slow }: Readings): Finding {
  const share = Math.max(used, heap)
  const isFull = isOverloaded || shed > 0
  const what = used >= heap ? 'of the memory budget' : "of the heap's limit"
  const consequence = isOverloaded ? ', publishers are refused' : shed > 0 ? `, ${rounded(shed)} events were shed` : ''
  return {
    limit: 'memory',
    // Full, it is everybody's matter, and who filled it is named with it.
    pressure: weigh(isFull ? PRESSURE_MAX : share / MEMORY, share) + (isFull ? 1 : 0),
    share,
    says: `${percent(share)} ${what} in use${consequence}`,
    subscriber: used >= heap ? (slow[0]?.subscriber ?? null) : null,
  }
}

function who({ name, address, session }: SlowSubscriber): string {
  const where = address === '' ? `session ${session}` : address
  return name === '' ? where : `${name} (${where})`
}

const percent = (share: number): string =>
  `${share > 0 && share < 0.1 ? (share * 100).toFixed(1) : Math.round(share * 100)} %`
const milliseconds = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
const rounded = (count: number): string => Math.round(count).toLocaleString('en')
const bytes = (count: number): string =>
  count < 1024 * 1024 ? `${Math.ceil(count / 1024)} KiB` : `${(count / 1024 / 1024).toFixed(1)} MiB`
