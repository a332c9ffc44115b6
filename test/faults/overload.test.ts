import t from 'tap'
import { DaemonProcess } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'
import { startFlood } from './flood.js'

/** A minute with SLUICE_LONG=1. */
const FLOOD_MS = process.env.SLUICE_LONG === '1' ? 60_000 : 5000
const BUDGET_BYTES = 4 * 1024 * 1024
/** Beside the budget: pools, what the kernel's buffers make the engine hold, a heap that has not been collected. */
const GROWTH_BYTES_MAX = 160 * 1024 * 1024
const RETRY_AFTER_MS = 250
const PUBLISHERS = 3
const FROZEN = 8

t.setTimeout(FLOOD_MS + 90_000)

t.test(
  'overload: memory stays under its budget, health answers, every refusal is counted and told',
  {
    timeout: FLOOD_MS + 90_000,
  },
  async (t) => {
    const daemon = await DaemonProcess.start(t, {
      'memory.budget': `${BUDGET_BYTES}B`,
      'memory.retry_after': `${RETRY_AFTER_MS}ms`,
      'outbox.bytes_max': '2MiB',
    })
    const frozen: RawClient[] = []
    for (let i = 0; i < FROZEN; i++) {
      const client = await RawClient.open(daemon.url)
      client.onEvent = () => {}
      await client.subscribe('flood', { policy: 'drop-newest' })
      client.freeze()
      frozen.push(client)
    }
    const slow = frozen[0]
    const urgent = await RawClient.open(daemon.url)
    await urgent.subscribe('urgent')
    const residentBefore = daemon.residentBytes

    const floods = await Promise.all(
      Array.from({ length: PUBLISHERS }, () =>
        startFlood(t, {
          url: daemon.url,
          connections: 1,
          eventsPerMessage: 64,
          payloadBytes: 128,
          topic: 'flood',
          lane: 5,
        }),
      ),
    )
    const started = performance.now()
    const waits: number[] = []
    let usedMost = 0
    let residentMost = 0
    let unready = 0
    let sentUrgent = 0
    while (performance.now() - started < FLOOD_MS) {
      for (const path of ['/livez', '/readyz']) {
        const asked = performance.now()
        const response = await fetch(`${daemon.adminUrl}${path}`)
        const body = (await response.json()) as { status: string; reason?: string }
        waits.push(performance.now() - asked)
        if (path === '/livez') t.equal(response.status, 200)
        else if (response.status === 503) {
          unready++
          if (!/overloaded/.test(body.reason ?? '')) t.fail(`not ready for another reason: ${body.reason}`)
        }
      }
      urgent.publish('urgent', 'now', 0)
      sentUrgent++
      // The first is not frozen but slow: it makes room now and then.
      if (sentUrgent % 2 === 0) slow.thaw()
      else slow.freeze()
      const scraped = await daemon.scrape()
      t.same(scraped.imbalance, { routing: 0, delivery: 0 })
      usedMost = Math.max(usedMost, scraped.get('sluice_memory_used_bytes'))
      residentMost = Math.max(residentMost, daemon.residentBytes)
    }
    const results = (await Promise.all(floods.map((flood) => flood.stop()))).flat()

    const { refused } = await urgent.sync()
    await urgent.until('the urgent ones', () => urgent.events.length === sentUrgent)
    t.equal(refused, 0, 'a more urgent lane is taken all the while')
    t.equal(urgent.missed, 0)
    waits.sort((a, b) => a - b)
    const [median, worst] = [waits[waits.length >> 1], waits.at(-1) as number].map((ms) => ms.toFixed(1))
    t.comment(
      `${waits.length} health requests answered, median ${median} ms, worst ${worst} ms; memory used ${usedMost}, grown by ${residentMost - residentBefore}`,
    )
    t.ok(usedMost > BUDGET_BYTES / 2, 'the budget was put to use')
    t.ok(usedMost <= BUDGET_BYTES, 'and kept')
    t.ok(residentMost - residentBefore < GROWTH_BYTES_MAX)
    t.ok(unready > 0, 'readyz said so')

    const end = await daemon.scrape()
    const sum = (of: (result: (typeof results)[number]) => number) =>
      results.reduce((total, result) => total + of(result), 0)
    t.equal(
      sum(({ accepted }) => accepted) + sum(({ refused }) => refused),
      sum(({ published }) => published),
    )
    t.ok(sum(({ refused }) => refused) > 0)
    t.equal(
      sum(({ overloadedTold }) => overloadedTold),
      sum(({ refused }) => refused),
      'each refusal was told',
    )
    t.equal(
      end.refused('overloaded'),
      sum(({ refused }) => refused),
      'and counted',
    )
    t.equal(end.sum('sluice_refused_total'), end.refused('overloaded'))
    t.same([...new Set(results.flatMap(({ codes }) => codes))], [4001])
    t.same([...new Set(results.flatMap(({ retryAfterMs }) => retryAfterMs))], [RETRY_AFTER_MS])
    t.equal(end.get('sluice_events_accepted_total'), sum(({ accepted }) => accepted) + sentUrgent)
    t.same(end.imbalance, { routing: 0, delivery: 0 })
    for (const client of frozen) client.cut()
  },
)
