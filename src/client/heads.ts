import { codeMessage } from '../protocol/codes.js'
import { LANE_DEFAULT, LANES } from '../protocol/ops.js'
import { checkPattern, checkTopic, isSystemTopic } from '../protocol/topic.js'
import { type EventHead, encodeEventHead } from '../protocol/write.js'
import { BoundedMap } from './bounded-map.js'

/** Topics per generation whose heads are kept: a few hundred bytes each. */
const TOPICS_HALF = 8192

const encoder = new TextEncoder()

/** What stands before the payload of an event, made once per topic and lane; a topic is checked when it is first used. */
export class Heads {
  private readonly topics = new BoundedMap<string, (EventHead | undefined)[]>(TOPICS_HALF)
  private lastTopic = ''
  private lastHeads: (EventHead | undefined)[] = []

  /** @throws TypeError or RangeError for a topic or lane that the daemon would refuse */
  get(topic: string, lane: number = LANE_DEFAULT, withMetadata = false): EventHead {
    let heads = this.lastHeads
    if (topic !== this.lastTopic) {
      heads = this.headsOf(topic)
      this.lastTopic = topic
      this.lastHeads = heads
    }
    const slot = withMetadata ? lane + LANES : lane
    return heads[slot] ?? this.add(heads, topic, lane, withMetadata)
  }

  private headsOf(topic: string): (EventHead | undefined)[] {
    let heads = this.topics.get(topic)
    if (heads === undefined) {
      checkTopicText(topic)
      heads = new Array(2 * LANES).fill(undefined)
      this.topics.set(topic, heads)
    }
    return heads
  }

  private add(heads: (EventHead | undefined)[], topic: string, lane: number, withMetadata: boolean): EventHead {
    if (!Number.isInteger(lane) || lane < 0 || lane >= LANES) throw new RangeError(`lane ${lane}: 0 to ${LANES - 1}`)
    // The first lookup compares with '', which no check has seen.
    if (topic === '') checkTopicText(topic)
    const head = encodeEventHead(topic, lane, withMetadata)
    heads[withMetadata ? lane + LANES : lane] = head
    return head
  }
}

function checkTopicText(topic: string): void {
  if (typeof topic !== 'string') throw new TypeError('a topic is a string')
  const bytes = encoder.encode(topic)
  const code = checkTopic(bytes, 0, bytes.length)
  if (code !== 0) throw new TypeError(`topic ${JSON.stringify(topic)}: ${codeMessage(code)}`)
  if (isSystemTopic(bytes, 0, bytes.length)) throw new TypeError(`topic ${topic}: $sys belongs to the daemon`)
}

/** @throws TypeError for a pattern that the daemon would refuse */
export function checkPatternText(pattern: string): void {
  if (typeof pattern !== 'string') throw new TypeError('a pattern is a string')
  const bytes = encoder.encode(pattern)
  const code = checkPattern(bytes, 0, bytes.length)
  if (code !== 0) throw new TypeError(`pattern ${JSON.stringify(pattern)}: ${codeMessage(code)}`)
}
