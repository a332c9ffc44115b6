/** Patterns of a role: null for what its list leaves open. */
export interface OracleRules {
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

const known = new Map<string, RegExp>()

/** Whether a pattern matches a topic, as docs/protocol.md says it: by a regular expression, not as the core does. */
export function isFor(pattern: string, topic: string): boolean {
  const isOfDaemon = topic === '$sys' || topic.startsWith('$sys.')
  if (isOfDaemon && (pattern.startsWith('*') || pattern.startsWith('>'))) return false
  let expression = known.get(pattern)
  if (expression === undefined) {
    const tokens = pattern.split('.').map((token) => {
      if (token === '*') return '[^.]+'
      return token === '>' ? '.+' : token.replace(/[$^*+?()[\]{}|\\/]/g, '\\$&')
    })
    expression = new RegExp(`^${tokens.join('\\.')}$`, 'u')
    known.set(pattern, expression)
  }
  return expression.test(topic)
}

/** Rule 1 of docs/permissions.md. */
export function isPermitted(rules: OracleRules | null, topic: string): boolean {
  if (rules === null) return true
  return rules.allow.some((pattern) => isFor(pattern, topic)) && !rules.deny.some((pattern) => isFor(pattern, topic))
}

/**
 * Rule 3 of docs/permissions.md, by looking at topics one by one.
 * @param topics so many that two patterns which have any topic in common have one of these
 */
export function mayBeSubscribed(rules: OracleRules | null, pattern: string, topics: readonly string[]): boolean {
  if (rules === null) return true
  const matched = topics.filter((topic) => isFor(pattern, topic))
  return rules.allow.some((allowed) => {
    const common = matched.filter((topic) => isFor(allowed, topic))
    return common.length > 0 && !rules.deny.some((denied) => common.every((topic) => isFor(denied, topic)))
  })
}

/** A bucket of rule "How fast": so much a second, and a second's worth of it. 0 is no limit. */
export class OracleBucket {
  private left: number
  private at: number

  constructor(
    private readonly perSecond: number,
    nowMs: number,
    before: OracleBucket | null,
  ) {
    before?.hasSome(nowMs)
    this.left = before === null || before.perSecond === 0 ? perSecond : Math.min(perSecond, before.left)
    this.at = before?.at ?? nowMs
  }

  hasSome(nowMs: number): boolean {
    this.left = Math.min(this.perSecond, this.left + ((nowMs - this.at) * this.perSecond) / 1000)
    this.at = nowMs
    return this.perSecond === 0 || this.left > 0
  }

  take(count: number): void {
    this.left -= count
  }
}
