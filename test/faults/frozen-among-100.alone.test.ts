import t from 'tap'
import { DaemonProcess } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'
import { Crowd, MEASURED_TOPIC } from './crowd-process.js'

const OTHERS = 99
const EVENTS_PER_WINDOW = 250
const INTERVAL_MS = 2
const PAYLOAD_BYTES = 128
const BALLAST = Buffer.alloc(4096)
const BALLAST_DROPS = 100
const PAIRS_MIN = 4
const PAIRS_MAX = 25
/** The goal: 10 %. */
const P99_RATIO_MAX = 1.1

/** What a quarter of the windows stay under: other load of the machine only ever adds, so the calm ones tell most. */
function lowerQuartile(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 2]
}

t.setTimeout(120_000)

/**
 * Windows with the one frozen (its outbox full, so that events are dropped for it all the while) alternate with windows in which it reads. On a shared
 * machine one window says little. So pairs are added until the lower quartiles of the windows' p99 agree within 10 %, or there have been
 * PAIRS_MAX: an effect of the frozen one would be in every pair, noise is not.
 */
t.test(
  'one frozen subscriber among 100: the others lose nothing, and wait no longer',
  { timeout: 120_000 },
  async (t) => {
    const daemon = await DaemonProcess.start(t, { 'outbox.bytes_max': '256KiB', 'outbox.soft_bytes': '256KiB' })
    const crowd = await Crowd.start(t, { url: daemon.url, size: OTHERS, pattern: MEASURED_TOPIC })
    const one = await Crowd.start(t, { url: daemon.url, size: 1, pattern: '>' })
    const publisher = await RawClient.open(daemon.url)
    let ticks = 0
    let ballast = 0

    const tick = (): void => {
      const payload = Buffer.alloc(PAYLOAD_BYTES)
      payload.writeDoubleBE(ticks++)
      payload.writeBigUInt64BE(process.hrtime.bigint(), 8)
      publisher.publish(MEASURED_TOPIC, payload)
    }
    const dropped = async () => (await daemon.scrape()).dropped('drop-oldest')
    const settled = () => until('the others have all', async () => (await crowd.report()).least === ticks)

    /** Publishes to the one alone. */
    const load = async (): Promise<void> => {
      for (let i = 0; i < BALLAST_DROPS; i++) publisher.publish('ballast', BALLAST)
      ballast += BALLAST_DROPS
      await publisher.sync()
    }
    /** Freezes the one, and loads it until its outbox is full and loses events. */
    const freeze = async (): Promise<void> => {
      one.freeze()
      const enough = (await dropped()) + BALLAST_DROPS
      while ((await dropped()) < enough) await load()
    }
    const thaw = async (): Promise<void> => {
      one.thaw()
      await until('the frozen one has caught up', async () => (await one.report()).least === ticks)
    }
    /** The others' p99 over events at a steady pace. */
    const window = async (): Promise<number> => {
      await crowd.report()
      const end = ticks + EVENTS_PER_WINDOW
      await new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          if (ticks === end) {
            clearInterval(timer)
            resolve()
          } else tick()
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
    let droppedInWindows = 0
    await window()
    do {
      reading.push(await window())
      await freeze()
      const before = await dropped()
      frozen.push(await window())
      // The window's own events may fit in what dropping a large one left free: more load tells that the outbox was full all the while.
      await load()
      droppedInWindows += (await dropped()) - before
      // By this one it is known to have caught up: those of the window may be gone.
      tick()
      await publisher.sync()
      await settled()
      await thaw()
    } while (
      frozen.length < PAIRS_MIN ||
      (frozen.length < PAIRS_MAX && lowerQuartile(frozen) > lowerQuartile(reading) * P99_RATIO_MAX)
    )
    t.comment(`p99 in µs, reading: ${reading.join(' ')}, frozen: ${frozen.join(' ')}`)
    t.ok(lowerQuartile(frozen) <= lowerQuartile(reading) * P99_RATIO_MAX, 'the others’ p99 is within 10 %')

    t.ok(droppedInWindows > 0, 'events were dropped for the frozen one meanwhile')

    const others = await crowd.report()
    t.match(others, { received: ticks * OTHERS, least: ticks, holes: 0, gaps: 0, closed: 0 })
    const its = await one.report()
    t.equal(its.received + its.gaps, ticks + ballast, 'received + Σ gap = published')
    t.ok(its.gaps > 0)
    const scraped = await daemon.scrape()
    t.equal(scraped.dropped('drop-oldest'), its.gaps)
    t.equal(scraped.sum('sluice_deliveries_dropped_total'), its.gaps)
    t.equal(scraped.get('sluice_events_accepted_total'), ticks + ballast)
    t.same(scraped.imbalance, { routing: 0, delivery: 0 })
  },
)
