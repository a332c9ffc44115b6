import type { Stats } from '../../observe/stats.js'
import { History } from './history.js'
import { type LinkState, type Page, SUBSCRIBER_ORDERS, type SubscriberOrder, type View } from './view.js'

/** What a key does that the picture cannot do itself. */
export type KeyAnswer = 'quit' | 'interrupt' | 'suspend' | 'redraw' | 'nothing'

/** What is looked at, and how: moved by figures, by the connection and by keys. */
export class TopState {
  link: LinkState = { isLive: false, says: 'connecting' }
  readonly history = new History()
  readonly #url: string
  readonly #hasKeys: boolean
  #stats: Stats | null = null
  #frozen: { stats: Stats | null; history: History } | null = null
  #page: Page = 'overview'
  #order: SubscriberOrder = 'pending'
  #isReversed = false

  constructor(url: string, hasKeys: boolean) {
    this.#url = url
    this.#hasKeys = hasKeys
  }

  get stats(): Stats | null {
    return this.#stats
  }

  take(stats: Stats): void {
    this.#stats = stats
    this.history.add(stats)
  }

  get view(): View {
    const { stats, history } = this.#frozen ?? { stats: this.#stats, history: this.history }
    return {
      stats,
      history,
      link: this.link,
      url: this.#url,
      isFrozen: this.#frozen !== null,
      page: this.#page,
      order: this.#order,
      isReversed: this.#isReversed,
      hasKeys: this.#hasKeys,
    }
  }

  press(key: string): KeyAnswer {
    switch (key) {
      case 'q':
        return 'quit'
      case '\u0003':
        return 'interrupt'
      case '\u001a':
        return 'suspend'
      case ' ':
        this.#frozen = this.#frozen === null ? { stats: this.#stats, history: this.history.frozen() } : null
        return 'redraw'
      case '?':
      case 'h':
        return this.#turnTo('help')
      case 'l':
        return this.#turnTo('lanes')
      case '\u001b':
        this.#page = 'overview'
        return 'redraw'
      case 's':
        this.#order = SUBSCRIBER_ORDERS[(SUBSCRIBER_ORDERS.indexOf(this.#order) + 1) % SUBSCRIBER_ORDERS.length]
        this.#isReversed = false
        return 'redraw'
      case 'S':
        this.#isReversed = !this.#isReversed
        return 'redraw'
      // Ctrl-L: draw again what something else has written over.
      case '\u000c':
        return 'redraw'
      default:
        return 'nothing'
    }
  }

  #turnTo(page: Page): KeyAnswer {
    this.#page = this.#page === page ? 'overview' : page
    return 'redraw'
  }
}

/** What came from the terminal at once, as keys: sequences of keys that nobody asks for (arrows, a mouse) are one that means nothing. */
export function keysOf(input: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return input.match(/\u001b[[O][0-9;<?]*[ -/]*[@-~]|\u001b|[^\u001b]/gu) ?? []
}
