import { assert } from '../base/assert.js'
import { Generations, wildcardMayStart } from './generations.js'
import { TOPIC_CLASSES_MAX } from './latency.js'
import { MatchList, type MatchSize } from './match-list.js'
import type { Rules, RuleTexts } from './rules.js'
import type { Session } from './session.js'
import type { Subscription } from './subscription.js'

/** Patterns without subscriptions that are kept, so that churn on the same patterns changes no match. */
const IDLE_PATTERNS_MAX = 1024
/** Lists, patterns in lists and receivers in lists that are kept when nothing is said: some 50 bytes each. */
const MATCH_ENTRIES_MAX = 1 << 20

/** A pattern that somebody is, or lately was, subscribed to. */
export class PatternNode {
  readonly subscriptions = new Set<Subscription>()
  /** Match lists that this pattern is part of and that are not stale for it. */
  readonly lists = new Set<MatchList>()
  /** Match lists that this pattern is the last of. */
  readonly endings = new Set<MatchList>()
  /** Classes of topics that this pattern stands for, a bit mask: such a pattern is there whether anybody is subscribed to it or not. */
  classes = 0
  /** Sessions whose rules name this pattern: it tells topics apart, whether anybody is subscribed to it or not. */
  pins = 0

  constructor(
    readonly pattern: string,
    readonly tokens: readonly string[],
  ) {}
}

/** Where it is counted how long matching takes. */
interface MatchTiming {
  matching(): number
  matched(from: number): void
}

interface TrieNode {
  readonly children: Map<string, TrieNode>
  /** The pattern that ends here. */
  pattern: PatternNode | null
}

function patternsOf({ allow, deny }: RuleTexts): ReadonlySet<string> {
  return new Set([...allow, ...deny])
}

function trieNode(): TrieNode {
  return { children: new Map(), pattern: null }
}

/**
 * Which subscriptions a topic has: a trie of the patterns' tokens behind add, remove and match. Matches are interned and cached by the
 * topic table against a generation, which moves only when the set of patterns does, not with every subscription.
 */
export class Patterns {
  readonly generations = new Generations()
  /** Also the order of the next subscription. */
  subscriptionsMade = 0
  private readonly root = trieNode()
  private readonly byText = new Map<string, PatternNode>()
  private readonly idle = new Set<PatternNode>()
  private readonly classNodes = new Set<PatternNode>()
  private readonly pinnedNodes = new Set<PatternNode>()
  private ownPatterns = 0
  /** By MatchList.id; holes are free ids. */
  private lists: (MatchList | undefined)[] = []
  private freeIds: number[] = []
  private readonly matchSize: MatchSize = { entries: 0 }
  private nobody: MatchList
  /** Reused by match: walks are synchronous. */
  private found: MatchList

  constructor(
    private readonly matchEntriesMax = MATCH_ENTRIES_MAX,
    /** Is told of each walk. */
    private readonly timing: MatchTiming | null = null,
  ) {
    this.nobody = this.makeList(null, null)
    this.found = this.nobody
  }

  /** Patterns that somebody is, or lately was, subscribed to. */
  get size(): number {
    return this.byText.size - this.ownPatterns - this.unsubscribed
  }

  /** Patterns that are there for their class, or for somebody's rules, alone. */
  private get unsubscribed(): number {
    let count = 0
    for (const node of this.classNodes) if (node.subscriptions.size === 0) count++
    for (const node of this.pinnedNodes) if (node.subscriptions.size === 0 && node.classes === 0) count++
    return count
  }

  /** The subscription's pattern must be well formed. */
  add(subscription: Subscription): void {
    const node = this.nodeOf(subscription.pattern)
    this.idle.delete(node)
    node.subscriptions.add(subscription)
    this.staleLists(node)
  }

  /** Adds a subscription of the daemon's own, by a pattern that nobody else can have. */
  addOwn(subscription: Subscription): void {
    this.ownPatterns++
    this.add(subscription)
  }

  /** Topics that match one of these well-formed patterns are of the class of its number. Before anything is matched. */
  addClasses(patterns: readonly string[]): void {
    assert(patterns.length <= TOPIC_CLASSES_MAX, 'a set of classes fits into its mask')
    for (const [topicClass, pattern] of patterns.entries()) {
      const node = this.nodeOf(pattern)
      assert(node.endings.size === 0, 'classes come before matches')
      node.classes |= 1 << topicClass
      this.classNodes.add(node)
    }
  }

  /** Notes the patterns of the rules for what a session subscribes to, in the place of those noted before. */
  pinFor(session: Session, rules: Rules | null): void {
    const { pinned } = session
    if (pinned === rules) return
    if (rules !== null) this.pin(rules)
    if (pinned !== null) this.unpin(pinned)
    session.pinned = rules
  }

  /** Topics are told apart by the patterns of these rules from now on, until unpin has been called as often. */
  private pin(rules: RuleTexts): void {
    for (const pattern of patternsOf(rules)) {
      const node = this.nodeOf(pattern)
      this.idle.delete(node)
      node.pins++
      this.pinnedNodes.add(node)
    }
  }

  private unpin(rules: RuleTexts): void {
    for (const pattern of patternsOf(rules)) {
      const node = this.byText.get(pattern) as PatternNode
      if (--node.pins > 0) continue
      this.pinnedNodes.delete(node)
      this.abandon(node)
    }
  }

  /** What a session may receive has changed. */
  accessChanged(subscriptions: Iterable<Subscription>): void {
    for (const { pattern } of subscriptions) this.staleLists(this.byText.get(pattern) as PatternNode)
  }

  private nodeOf(pattern: string): PatternNode {
    const known = this.byText.get(pattern)
    if (known !== undefined) return known
    const tokens = pattern.split('.')
    const node = new PatternNode(pattern, tokens)
    this.byText.set(pattern, node)
    let at = this.root
    for (const token of tokens) {
      let child = at.children.get(token)
      if (child === undefined) {
        child = trieNode()
        at.children.set(token, child)
      }
      at = child
    }
    at.pattern = node
    this.generations.bump(tokens)
    return node
  }

  remove(subscription: Subscription): void {
    const node = this.byText.get(subscription.pattern)
    if (node === undefined || !node.subscriptions.delete(subscription)) return
    this.staleLists(node)
    this.abandon(node)
  }

  /** Forgets patterns that are of no use to anybody, a while later. */
  private abandon(node: PatternNode): void {
    if (node.subscriptions.size > 0 || node.classes !== 0 || node.pins > 0) return
    this.idle.add(node)
    if (this.idle.size > IDLE_PATTERNS_MAX) {
      const [oldest] = this.idle
      this.idle.delete(oldest)
      this.forget(oldest)
    }
  }

  /** Lists note themselves again when they are rebuilt, so a pattern in lists that nobody uses costs its changes nothing. */
  private staleLists(node: PatternNode): void {
    for (const list of node.lists) list.stale = true
    node.lists.clear()
  }

  private forget(node: PatternNode): void {
    this.byText.delete(node.pattern)
    const path: TrieNode[] = [this.root]
    for (const token of node.tokens) path.push(path[path.length - 1].children.get(token) as TrieNode)
    path[path.length - 1].pattern = null
    for (let depth = node.tokens.length; depth > 0; depth--) {
      const at = path[depth]
      if (at.pattern !== null || at.children.size > 0) break
      path[depth - 1].children.delete(node.tokens[depth - 1])
    }
    // Cached matches that had this pattern are stale from here on, so that the ids of their lists can be used again.
    this.generations.bump(node.tokens)
    for (const list of node.endings) {
      list.shorter?.longer.delete(node)
      this.dropList(list)
    }
  }

  private makeList(node: PatternNode | null, shorter: MatchList | null): MatchList {
    const id = this.freeIds.pop() ?? this.lists.length
    const list = new MatchList(id, node, shorter, this.matchSize)
    this.lists[id] = list
    node?.endings.add(list)
    return list
  }

  /** Gives up a list and all that are longer. */
  private dropList(list: MatchList): void {
    // No recursion: a list of ten thousand patterns is as deep.
    const found = [list]
    for (let next = found.pop(); next !== undefined; next = found.pop()) {
      found.push(...next.longer.values())
      next.longer.clear()
      next.node?.endings.delete(next)
      next.drop()
      this.lists[next.id] = undefined
      this.freeIds.push(next.id)
    }
  }

  /** Starts anew with matches: as many sets of patterns as there are topics may match, and each list names all its receivers. */
  private dropAllLists(): void {
    this.generations.bumpAll()
    this.dropList(this.nobody)
    this.lists = []
    this.freeIds = []
    this.nobody = this.makeList(null, null)
  }

  /** Lists, patterns in lists and receivers in lists: bounded. */
  get matchEntries(): number {
    return this.matchSize.entries
  }

  /** @param id that match gave while the topic's generation has not moved */
  list(id: number): MatchList {
    return this.lists[id] as MatchList
  }

  /** The receivers by this pattern alone, whatever others match. */
  onlyOf(pattern: string): MatchList {
    this.found = this.nobody
    this.take(this.byText.get(pattern) ?? null)
    return this.found
  }

  /** Walks the trie. Returns the id of the match list of the topic. */
  match(topic: string): number {
    const from = this.timing?.matching() ?? 0
    if (this.matchSize.entries > this.matchEntriesMax) this.dropAllLists()
    const tokens = topic.split('.')
    this.found = this.nobody
    this.walk(this.root, tokens, 0, wildcardMayStart(tokens[0]))
    this.timing?.matched(from)
    return this.found.id
  }

  private walk(at: TrieNode, tokens: readonly string[], depth: number, wildcards: boolean): void {
    if (depth === tokens.length) {
      this.take(at.pattern)
      return
    }
    if (wildcards) {
      const rest = at.children.get('>')
      if (rest !== undefined) this.take(rest.pattern)
      const any = at.children.get('*')
      if (any !== undefined) this.walk(any, tokens, depth + 1, true)
    }
    const same = at.children.get(tokens[depth])
    if (same !== undefined) this.walk(same, tokens, depth + 1, true)
  }

  private take(node: PatternNode | null): void {
    if (node === null) return
    const shorter = this.found
    let list = shorter.longer.get(node)
    if (list === undefined) {
      list = this.makeList(node, shorter)
      shorter.longer.set(node, list)
    }
    this.found = list
  }
}
