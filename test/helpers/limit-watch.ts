import { unpack } from 'msgpackr'
import type { Bottleneck, Limit, Stats } from '../../src/observe/stats.js'
import type { FaultyDaemon } from './faulty-daemon.js'
import { RawClient } from './raw-client.js'
import { until } from './until.js'

/** Subscribed to what the daemon says of itself. */
export class LimitWatch {
  readonly stats: Stats[] = []
  readonly bottlenecks: Bottleneck[] = []

  private constructor(
    private readonly daemon: FaultyDaemon,
    private readonly client: RawClient,
  ) {
    client.onEvent = ({ topic, payload }) => {
      if (topic === '$sys.stats') this.stats.push(unpack(payload) as Stats)
      else this.bottlenecks.push(unpack(payload) as Bottleneck)
    }
  }

  static async open(daemon: FaultyDaemon): Promise<LimitWatch> {
    const watch = new LimitWatch(daemon, await RawClient.open(daemon.url))
    await watch.client.subscribe('$sys.bottleneck')
    await watch.client.subscribe('$sys.stats')
    await watch.seconds(1)
    return watch
  }

  /** Statistics that have come. */
  async seconds(count: number): Promise<void> {
    const from = this.stats.length
    await until(`${count} statistics`, () => this.stats.length >= from + count)
  }

  /** Resolves when a subscriber has been told that this is the limit, and the page says so, too. */
  async named(limit: Limit): Promise<Bottleneck> {
    const told = () => this.bottlenecks.find((bottleneck) => bottleneck.limit === limit)
    await this.seen(`${limit} on $sys.bottleneck`, () => told() !== undefined)
    await this.seen(`${limit} on $sys.stats`, () => this.stats.some(({ bottleneck }) => bottleneck.limit === limit))
    await until(`${limit} in /stats`, async () => {
      const { bottleneck } = (await this.daemon.get('/stats')) as Stats
      return bottleneck.limit === limit
    })
    return told() as Bottleneck
  }

  private async seen(what: string, condition: () => boolean): Promise<void> {
    await until(what, condition).catch((error: Error) => {
      throw new Error(`${error.message}; named were\n${this.history}`)
    })
  }

  /** Resolves when this is the limit no longer. What is instead is not said: a machine may have other work than a test. */
  async over(limit: Limit): Promise<void> {
    await until(`the end of ${limit}`, () => this.stats[this.stats.length - 1]?.bottleneck.limit !== limit)
  }

  /** What was named, second by second. */
  get history(): string {
    return this.stats.map(({ bottleneck }) => `${bottleneck.limit}: ${bottleneck.says}`).join('\n')
  }

  /**
   * Statistics, one a second, from the first of which `isThere` holds up to the one that names the limit; both count, but not those of seconds in which
   * the machine had no processor for the daemon.
   */
  secondsUntil(limit: Limit, isThere: (stats: Stats) => boolean): number {
    const from = this.stats.findIndex(isThere)
    const to = this.stats.findIndex(({ bottleneck }) => bottleneck.limit === limit)
    if (from < 0 || to < 0) return Number.POSITIVE_INFINITY
    return this.stats.slice(from, to + 1).filter(({ bottleneck }) => bottleneck.limit !== 'starved').length
  }
}
