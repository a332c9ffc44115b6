import type { Target } from './event.js'

/** Topics remembered per generation: their text and who wants them. */
const TOPICS_HALF = 8192

const decoder = new TextDecoder()

/** A topic as it was received, with what was found out about it. */
export class Topic {
  readonly bytes: Uint8Array
  readonly text: string
  readonly hash: number
  /** The next topic of the same hash. */
  next: Topic | undefined
  /** Who gets its events; true as of `version` of the subscriptions. */
  targets: readonly Target[] = []
  version = -1

  constructor(bytes: Uint8Array, text: string, hash: number) {
    this.bytes = bytes
    this.text = text
    this.hash = hash
  }
}

/** Finds a topic by its bytes in a message without making a string. Bounded: topics not seen for a while are forgotten. */
export class TopicTable {
  private readonly half: number
  private last = new Topic(new Uint8Array(0), '', 0)
  private young = new Map<number, Topic>()
  private old = new Map<number, Topic>()
  private youngCount = 0

  constructor(half = TOPICS_HALF) {
    this.half = half
  }

  /** Events come in runs of one topic, and comparing is cheaper than hashing. */
  at(bytes: Uint8Array, start: number, end: number): Topic {
    const last = this.last
    if (sameBytes(last.bytes, bytes, start, end)) return last
    const found = this.lookUp(bytes, start, end)
    this.last = found
    return found
  }

  private lookUp(bytes: Uint8Array, start: number, end: number): Topic {
    const hash = hashOf(bytes, start, end)
    let topic = find(this.young.get(hash), bytes, start, end)
    if (topic !== undefined) return topic
    const aged = find(this.old.get(hash), bytes, start, end)
    const own = aged?.bytes ?? new Uint8Array(bytes.subarray(start, end))
    topic = new Topic(own, aged?.text ?? decoder.decode(own), hash)
    this.add(topic)
    return topic
  }

  private add(topic: Topic): void {
    if (this.youngCount >= this.half) {
      this.old = this.young
      this.young = new Map()
      this.youngCount = 0
    }
    topic.next = this.young.get(topic.hash)
    this.young.set(topic.hash, topic)
    this.youngCount++
  }
}

function find(topic: Topic | undefined, bytes: Uint8Array, start: number, end: number): Topic | undefined {
  while (topic !== undefined && !sameBytes(topic.bytes, bytes, start, end)) topic = topic.next
  return topic
}

/** Compared from the end: topics of one stream differ there first. */
function sameBytes(own: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  let i = end - start
  if (own.length !== i) return false
  while (--i >= 0) if (own[i] !== bytes[start + i]) return false
  return true
}

/** FNV-1a, 32 bits. Who floods us with colliding topics makes chains of at most the table's bound. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193)
  return hash
}
