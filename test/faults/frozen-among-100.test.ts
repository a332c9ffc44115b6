import t from 'tap'
import { DaemonProcess } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'
import { Crowd } from './crowd-process.js'

const OTHERS = 99
const EVENTS_PER_WINDOW = 250
const INTERVAL_MS = 2
const PAYLOAD_BYTES = 128
const PAIRS_MIN = 3
const PAIRS_MAX = 15
/** The goal: 10 %. */
const P99_RATIO_MAX = 1.1

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]
}

/**
 * Windows with the one frozen (and its outbox full, so that every event is one to drop) alternate with windows in which it reads. On a shared machine
 * one window says little. So pairs are added until the medians agree within 10 %, or there have been 15: an effect of the frozen one would be in
 * every pair, noise is not.
 */
t.test(
  'one frozen subscriber among 100: the others lose nothing, and wait no longer',
  { timeout: 120_000 },
  async (t) => {
    const daemon = await DaemonProcess.start(t, { 'outbox.bytes_max': '256KiB', 'outbox.soft_bytes': '256KiB' })
    const crowd = await Crowd.start(t, { url: daemon.url, size: OTHERS, pattern: 'tick' })
    const one = await Crowd.start(t, { url: daemon.url, size: 1, pattern: 'tick' })
    const publisher = await RawClient.open(daemon.url)
    let published = 0

    const publish = (payloadBytes: number): void => {
      const payload = Buffer.alloc(payloadBytes)
      payload.writeDoubleBE(published++)
      payload.writeBigUInt64BE(process.hrtime.bigint(), 8)
      publisher.publish('tick', payload)
    }
    const dropped = async () => (await daemon.scrape()).dropped('drop-oldest')
    const settled = () => until('the others have all', async () => (await crowd.report()).least === published)

    /** Freezes the one and publishes large events until it loses some. */
    const freeze = async (): Promise<void> => {
      one.freeze()
      for (const before = await dropped(); (await dropped()) === before; await publisher.sync()) {
        for (let i = 0; i < 20; i++) publish(16_384)
      }
      await settled()
    }
    const thaw = async (): Promise<void> => {
      one.thaw()
      await until('the frozen one has caught up', async () => (await one.report()).least === published)
    }
    /** The others' p99 over events at a steady pace. */
    const window = async (): Promise<number> => {
      await crowd.report()
      const end = published + EVENTS_PER_WINDOW
      await new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          if (published === end) {
            clearInterval(timer)
            resolve()
          } else publish(PAYLOAD_BYTES)
        }, INTERVAL_MS)
      })
      await publisher.sync()
      // What is still under way, a few of thousands, is left out.
      const { p99Us } = await crowd.report()
      await settled()
      return p99Us
    }

    const reading: number[] = []
    const frozen: number[] = []
    await window()
    do {
      reading.push(await window())
      await freeze()
      const before = await dropped()
      frozen.push(await window())
      t.ok((await dropped()) > before, 'events were dropped for the frozen one meanwhile')
      await thaw()
    } while (
      frozen.length < PAIRS_MIN ||
      (frozen.length < PAIRS_MAX && median(frozen) > median(reading) * P99_RATIO_MAX)
    )
    t.comment(`p99 in µs, reading: ${reading.join(' ')}, frozen: ${frozen.join(' ')}`)
    t.ok(median(frozen) <= median(reading) * P99_RATIO_MAX, 'the others’ p99 is within 10 %')

    const others = await crowd.report()
    t.match(others, { received: published * OTHERS, least: published, holes: 0, gaps: 0, closed: 0 })
    const its = await one.report()
    t.equal(its.received + its.gaps, published, 'received + Σ gap = published')
    t.ok(its.gaps > 0)
    const scraped = await daemon.scrape()
    t.equal(scraped.dropped('drop-oldest'), its.gaps)
    t.equal(scraped.sum('sluice_deliveries_dropped_total'), its.gaps)
    t.equal(scraped.get('sluice_events_accepted_total'), published)
    t.same(scraped.imbalance, { routing: 0, delivery: 0 })
  },
)
