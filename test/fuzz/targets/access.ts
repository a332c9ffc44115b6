import { Access, FULL_ACCESS, LOCKED } from '../../../src/core/access.js'
import { Rules } from '../../../src/core/rules.js'
import { Op } from '../../../src/protocol/ops.js'
import { EventScanner, frameEnd } from '../../../src/protocol/scan.js'
import { topicMatches } from '../../../src/protocol/topic.js'
import { encodeEvent } from '../../../src/protocol/write.js'
import { CoreHarness } from '../../helpers/core-harness.js'
import { cutUp, must } from '../target.js'
import { words as controlWords } from './control.js'

/**
 * Messages of somebody who may not do everything, or of somebody who has not said who they are (first byte below 0x40): whatever they send, they get nothing on
 * its way that they may not, and nothing of what others publish that they may not see.
 */

const LANE_MIN = 2
const PUBLISH = new Rules(['a.>', 'x.*.z'], ['a.secret', 'a.*.secret.>'])
const SUBSCRIBE = new Rules(['b.>', 'a.*', '$sys.stats'], ['b.secret.>', 'a.secret'])
const UNAUTHENTICATED_BYTES_MAX = 1000
/** What others publish while they look on. */
const OTHERS = ['a.x', 'a.secret', 'a.b.c', 'b.x', 'b.secret', 'b.secret.x', 'b.x.secret', 'c', 'x.y.z']
const TOPICS_MAX = 2000

const scanner = new EventScanner()
let core = makeCore()

function makeCore(): CoreHarness {
  return new CoreHarness({ poison: false, unauthenticatedBytesMax: UNAUTHENTICATED_BYTES_MAX })
}

const str = (text: string): Buffer => Buffer.concat([Buffer.of(0xa0 | text.length), Buffer.from(text)])

export const words = [
  ...['a.x', 'a.secret', 'a.b.secret.c', 'x.y.z', 'b.x', 'c'].flatMap((topic) => [
    encodeEvent(topic, 3, Buffer.from('x')),
    encodeEvent(topic, 1, Buffer.from('y')),
  ]),
  ...['>', '*', 'b.>', 'b.*', 'b.secret.>', 'a.*', '*.secret', '*.*', 'a.secret', '$sys.>', '$sys.stats'].flatMap(
    (pattern) => [
      Buffer.concat([Buffer.of(0x93, Op.SUBSCRIBE, 1), str(pattern)]),
      Buffer.concat([Buffer.of(0x93, Op.UNSUBSCRIBE, 1), str(pattern)]),
      str(pattern),
    ],
  ),
  Buffer.concat([Buffer.of(0x93, Op.AUTH, 1, 0x81), str('token'), str('x')]),
  ...controlWords,
  Buffer.of(0),
  Buffer.of(0xff),
]

export function handle(input: Buffer): unknown {
  const peer = core.peer()
  peer.session.access = accessOf(input)
  for (const message of cutUp(input.subarray(1))) if (!peer.session.outbox.ending) peer.send(message)
  core.turns()
  peer.close()
  return peer.session.accepted
}

function accessOf(input: Buffer): Access {
  return input.length > 0 && input[0] < 0x40 ? LOCKED : new Access('fuzz', PUBLISH, SUBSCRIBE, LANE_MIN)
}

export function fuzz(input: Buffer): void {
  if (core.router.topics.size > TOPICS_MAX) core = makeCore()
  // What a session is that nobody asks who it is would be answered by the router itself.
  core.router.onAuth = () => {}
  const watcher = core.peer()
  watcher.subscribe('>')
  const peer = core.peer()
  peer.session.access = accessOf(input)
  core.turns()
  watcher.link.take()
  for (const message of cutUp(input.subarray(1))) if (!peer.session.outbox.ending) peer.send(message)
  core.turns()
  const { session } = peer
  const published = eventsIn(watcher.link.writes.splice(0))
  must(published.length === session.accepted, 'what is accepted is handed on', published.length, session.accepted)
  if (session.access.isLocked) checkLocked(peer.session, published.length)
  for (const { topic, lane } of published) {
    must(permits(PUBLISH, topic), 'published where it may be', topic)
    must(lane >= LANE_MIN, 'on a lane that it may be on', lane)
  }
  for (const topic of OTHERS) watcher.publish(topic, ['seen'])
  core.turns()
  for (const { topic } of eventsIn(peer.link.writes.splice(0)))
    must(permits(SUBSCRIBE, topic), 'seen what may be seen', topic)
  must(core.broken.length === 0, 'the books are balanced', core.broken)
  peer.close()
  watcher.close()
  core.turns()
  const held = Object.entries(core.held).filter(([, count]) => count !== 0)
  must(held.length === 0, 'nothing is held when nothing is pending', held)
  must(FULL_ACCESS.publish === null && LOCKED.isLocked, 'what all share is as it was')
}

function checkLocked(
  session: { subscriptions: Map<string, unknown>; unauthenticatedBytes: number; outbox: { ending: unknown } },
  events: number,
): void {
  must(events === 0 && session.subscriptions.size === 0, 'who has not said who it is does nothing', events)
  must(session.unauthenticatedBytes <= UNAUTHENTICATED_BYTES_MAX || Boolean(session.outbox.ending), 'and not for long')
}

/** In other words than the core's: by the patterns as they are written. */
function permits(rules: Rules, topic: string): boolean {
  const matches = (pattern: string): boolean => topicMatches(pattern, topic)
  return rules.allow.some(matches) && !rules.deny.some(matches)
}

function eventsIn(writes: readonly Buffer[]): { topic: string; lane: number }[] {
  const bytes = Buffer.concat(writes)
  const events: { topic: string; lane: number }[] = []
  for (let pos = 0; pos < bytes.length; ) {
    const isEvent = bytes[pos + 1] === Op.EVENT
    const end = isEvent ? scanner.scan(bytes, pos, bytes.length) : frameEnd(bytes, pos, bytes.length)
    must(end > pos, 'frames are sent', end)
    if (isEvent)
      events.push({ topic: bytes.toString('utf8', scanner.topicStart, scanner.topicEnd), lane: scanner.lane })
    pos = end
  }
  return events
}
