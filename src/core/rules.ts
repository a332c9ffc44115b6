import { topicMatches } from '../protocol/topic.js'
import { wildcardMayStart } from './generations.js'

const ANY = '*'
const REST = '>'

/** Well-formed patterns of topics: what is allowed, and what of that is not. */
export interface RuleTexts {
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

type Tokens = readonly string[]

/** Which topics somebody may do something on. */
export class Rules implements RuleTexts {
  private readonly allowed: readonly Tokens[]
  private readonly denied: readonly Tokens[]

  constructor(
    readonly allow: readonly string[],
    readonly deny: readonly string[],
  ) {
    this.allowed = allow.map((pattern) => pattern.split('.'))
    this.denied = deny.map((pattern) => pattern.split('.'))
  }

  /** Whether it may be done on this topic. */
  permits(topic: string): boolean {
    return (
      this.allow.some((pattern) => topicMatches(pattern, topic)) &&
      !this.deny.some((pattern) => topicMatches(pattern, topic))
    )
  }

  /** The same of a topic of which it is known which patterns match it, those of these rules among them. */
  permitsMatched(patterns: ReadonlySet<string>): boolean {
    return this.allow.some((pattern) => patterns.has(pattern)) && !this.deny.some((pattern) => patterns.has(pattern))
  }

  /** Whether there may be a topic that matches this pattern and is permitted. False only when there surely is none. */
  mayReach(pattern: string): boolean {
    const tokens = pattern.split('.')
    return this.allowed.some((allowed) => {
      const common = meet(allowed, tokens)
      return common !== null && !this.denied.some((denied) => covers(denied, common))
    })
  }
}

/** The pattern of the topics that match both; null when there are none. */
function meet(one: Tokens, other: Tokens): Tokens | null {
  if (isWild(one[0]) && !isWild(other[0]) && !wildcardMayStart(other[0])) return null
  if (isWild(other[0]) && !isWild(one[0]) && !wildcardMayStart(one[0])) return null
  const common: string[] = []
  for (let place = 0; ; place++) {
    const a = one[place]
    const b = other[place]
    if (a === undefined || b === undefined) return a === b ? common : null
    if (a === REST) return [...common, ...other.slice(place)]
    if (b === REST) return [...common, ...one.slice(place)]
    if (a !== b && a !== ANY && b !== ANY) return null
    common.push(a === ANY ? b : a)
  }
}

/** Whether every topic that matches `narrow` matches `wide`. */
function covers(wide: Tokens, narrow: Tokens): boolean {
  if (isWild(wide[0]) && !isWild(narrow[0]) && !wildcardMayStart(narrow[0])) return false
  for (let place = 0; place < wide.length; place++) {
    const w = wide[place]
    const n = narrow[place]
    if (n === undefined) return false
    if (w === REST) return true
    if (n === REST || (w !== ANY && w !== n)) return false
  }
  return wide.length === narrow.length
}

function isWild(token: string): boolean {
  return token === ANY || token === REST
}
