import type { Bus, PublishOptions } from '../client/index.js'
import type { OptionValues } from './arguments.js'
import { UsageError } from './command.js'
import type { Content } from './content.js'
import { Pacer } from './pacer.js'
import { Template } from './template.js'
import { parseDurationMs, parseLane, parseRate } from './units.js'
import { pause, unlessAborted } from './waiting.js'

const RAW_TYPE = 'text/plain'

/** Where events go and how, as the options say: the same for all of them but for what templates take from their fields. */
export interface Recipe {
  readonly topic: Template
  readonly key: Template | undefined
  readonly options: PublishOptions
  readonly rate: number | undefined
}

/** @throws UsageError */
export function recipeOf(topicText: string, given: OptionValues): Recipe {
  const text = (name: string): string | undefined => given.get(name) as string | undefined
  const topic = template('TOPIC', topicText)
  const key = text('key')
  const lane = text('lane')
  const ttl = text('ttl')
  const rate = text('rate')
  return {
    topic,
    key: key === undefined ? undefined : template('--key', key),
    options: {
      ...(lane !== undefined && { lane: parseLane('--lane', lane) }),
      ...(ttl !== undefined && { ttl: parseDurationMs('--ttl', ttl) }),
    },
    rate: rate === undefined ? undefined : parseRate('--rate', rate),
  }
}

function template(name: string, text: string): Template {
  try {
    return new Template(text)
  } catch (error) {
    throw new UsageError(`${name} ${(error as Error).message}`)
  }
}

/** Publishes contents by a recipe: no faster than its rate, and no faster than the daemon takes them. */
export class Publisher {
  /** Events handed to the client library. */
  published = 0
  readonly #bus: Bus
  readonly #recipe: Recipe
  readonly #interrupted: AbortSignal
  readonly #pacer: Pacer | undefined
  #mustWait = false

  constructor(bus: Bus, recipe: Recipe, interrupted: AbortSignal) {
    this.#bus = bus
    this.#recipe = recipe
    this.#interrupted = interrupted
    this.#pacer = recipe.rate === undefined ? undefined : new Pacer(recipe.rate, performance.now())
  }

  /** What to wait for before the next event; null when it may go at once, which costs a stream of them nothing. */
  turn(): Promise<void> | null {
    if (this.#mustWait) return this.#waitForDaemon()
    const delayMs = this.#pacer?.take(performance.now()) ?? 0
    return delayMs === 0 ? null : this.#waitForTurn(delayMs)
  }

  /** @returns null, or why this content cannot be an event */
  publish(content: Content): string | null {
    if ('problem' in content) return content.problem
    const { topic, key, options } = this.#recipe
    const filled = topic.fill(content.value)
    if ('problem' in filled) return filled.problem
    const filledKey = key?.fill(content.value)
    if (filledKey !== undefined && 'problem' in filledKey) return filledKey.problem
    const own = filledKey === undefined ? options : { ...options, key: filledKey.text }
    try {
      this.#mustWait =
        content.bytes === undefined
          ? !this.#bus.publish(filled.text, content.value, own)
          : !this.#bus.publishBytes(filled.text, content.bytes, { ...own, type: RAW_TYPE })
    } catch (error) {
      // What the library refuses to encode: a topic with white space from a field, a payload over the limit, and so on.
      if (!(error instanceof TypeError) && !(error instanceof RangeError)) throw error
      return error.message
    }
    this.published++
    return null
  }

  async #waitForDaemon(): Promise<void> {
    await unlessAborted(this.#bus.ready(), this.#interrupted)
    this.#mustWait = false
    if (!this.#interrupted.aborted) await this.turn()
  }

  async #waitForTurn(delayMs: number): Promise<void> {
    const pacer = this.#pacer as Pacer
    for (let left = delayMs; left > 0 && !this.#interrupted.aborted; left = pacer.take(performance.now())) {
      await pause(left, this.#interrupted)
    }
  }
}
