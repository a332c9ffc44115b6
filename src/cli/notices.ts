import type { ErrorStatus, Status } from '../client/index.js'
import type { Context } from './command.js'
import { plural, seconds } from './numbers.js'
import { type Style, styleFor } from './style.js'

/** Tells on stderr what happens to the connection, and counts the events it cost. */
export class Notices {
  /** Events that the daemon refused. */
  refused = 0
  /** Events that may not have arrived: the connection broke before they were confirmed. */
  unconfirmed = 0
  /** Times the connection was lost: nobody counted what passed until the next one. */
  breaks = 0
  /** Why the connection ended for good, unless we ended it. */
  closedBy: string | null = null
  readonly #context: Context
  readonly #style: Style
  #down = false

  constructor(context: Context) {
    this.#context = context
    this.#style = styleFor(context.stderr, context.env)
  }

  say(text: string): void {
    this.#context.stderr.write(`${this.#style.yellow('sluice:')} ${text}\n`)
  }

  /** To be handed to `connect`. */
  readonly onStatus = (status: Status): void => {
    switch (status.type) {
      case 'reconnecting':
        // Once per outage, however many attempts it takes.
        if (this.#down) break
        this.say(`connection lost (${status.reason || `code ${status.code}`}); trying again`)
        this.breaks++
        this.#down = true
        break
      case 'connected':
        if (this.#down) this.say(`connected again to ${status.url}`)
        this.#down = false
        break
      case 'lost':
        this.unconfirmed += status.count
        this.say(`${plural(status.count, 'event')} sent but not confirmed before the connection was lost`)
        break
      case 'overloaded':
        this.refused += status.count
        this.say(
          `the daemon's memory is full: ${plural(status.count, 'event')} refused, going on in ${seconds(status.retryAfterMs)}`,
        )
        break
      case 'dropped':
        this.refused += status.count
        this.say(`${plural(status.count, 'event')} dropped: the local buffer is full`)
        break
      case 'error':
        this.refused += status.count
        this.say(errorText(status))
        break
      case 'closed':
        this.closedBy = `${status.reason || 'no reason given'} (code ${status.code})`
        this.unconfirmed += status.unsent
        break
    }
  }
}

function errorText({ count, name, message, topic }: ErrorStatus): string {
  const what = count === 0 ? '' : `${plural(count, 'event')} refused: `
  const first = topic === undefined ? '' : `, ${count > 1 ? 'first topic' : 'topic'} ${topic}`
  return `${what}${message} (${name}${first})`
}
