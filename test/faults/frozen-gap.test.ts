import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import type { Policy } from '../../src/protocol/ops.js'
import { Op } from '../../src/protocol/ops.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { daemonHere } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'

const OUTBOX = { 'outbox.bytes_max': '256KiB', 'outbox.soft_bytes': '256KiB' }
const PAYLOAD_BYTES = 1000
const PER_MESSAGE = 50
const DROPS_WANTED = 2000
const KEYS = 10

function sequence({ payload }: { payload: Buffer }): number {
  return payload.readUInt32BE(0)
}

t.setTimeout(90_000)

for (const policy of ['drop-oldest', 'drop-newest', 'conflate'] satisfies Policy[]) {
  t.test(`${policy}: what a frozen subscriber received and what gaps told are what was published`, async (t) => {
    const daemon = await daemonHere(t, OUTBOX)
    const publisher = await RawClient.open(daemon.url)
    const reader = await RawClient.open(daemon.url)
    const frozen = await RawClient.open(daemon.url)
    await reader.subscribe('s.*')
    await frozen.subscribe('s.*', { policy })
    frozen.freeze()

    const reason = policy === 'conflate' ? 'conflated' : policy
    let published = 0
    for (let dropped = 0; dropped < DROPS_WANTED; dropped = (await daemon.scrape()).dropped(reason)) {
      const frames = Array.from({ length: PER_MESSAGE }, () => {
        const payload = Buffer.alloc(PAYLOAD_BYTES)
        payload.writeUInt32BE(published)
        return encodeEvent(`s.${published++ % KEYS}`, 3, payload)
      })
      publisher.send(...frames)
      await publisher.sync()
    }
    await reader.until('the reader has all', () => reader.events.length === published)
    t.ok(
      reader.events.every((event, i) => sequence(event) === i),
      'the other lost nothing and has it in order',
    )
    t.equal(reader.missed, 0)

    const before = await daemon.scrape()
    t.same(before.imbalance, { routing: 0, delivery: 0 })
    t.ok(before.get('sluice_memory_used_bytes') > 0)
    frozen.thaw()
    await frozen.until('the rest has come', () => frozen.events.length + frozen.missed >= published)
    await frozen.sync()
    t.equal(frozen.events.length + frozen.missed, published)
    t.ok(frozen.missed >= DROPS_WANTED)
    t.same([...new Set(frozen.told(Op.GAP).map((gap) => `${gap.pattern} ${gap.reason}`))], [`s.* ${reason}`])

    const after = await daemon.scrape()
    t.equal(after.dropped(reason), frozen.missed, 'counted exactly')
    t.equal(after.sum('sluice_deliveries_dropped_total'), frozen.missed)
    t.same(after.imbalance, { routing: 0, delivery: 0 })
    t.equal(after.get('sluice_deliveries_pending'), 0)
    t.equal(after.get('sluice_memory_used_bytes'), 0)

    const seen = frozen.events.map(sequence)
    for (let key = 0; key < KEYS; key++) {
      const ofKey = seen.filter((n) => n % KEYS === key)
      t.ok(
        ofKey.every((n, i) => i === 0 || n > ofKey[i - 1]),
        'in order, none twice',
      )
    }
    if (policy === 'drop-newest') t.same(seen, [...seen.keys()], 'the oldest, without a hole')
    else
      t.same(
        seen.slice(-KEYS).sort((a, b) => a - b),
        Array.from({ length: KEYS }, (_, i) => published - KEYS + i),
      )
  })
}

t.test('disconnect: the frozen subscriber is closed with 4002, and the others notice nothing', async (t) => {
  const daemon = await daemonHere(t, OUTBOX)
  const publisher = await RawClient.open(daemon.url)
  const reader = await RawClient.open(daemon.url)
  const frozen = await RawClient.open(daemon.url)
  await reader.subscribe('s')
  await frozen.subscribe('s', { policy: 'disconnect' })
  frozen.freeze()
  let published = 0
  for (let closed = 0; closed === 0; closed = (await daemon.scrape()).get('sluice_slow_consumers_total')) {
    for (let i = 0; i < PER_MESSAGE; i++) {
      const payload = Buffer.alloc(PAYLOAD_BYTES)
      payload.writeUInt32BE(published++)
      publisher.publish('s', payload)
    }
    await publisher.sync()
  }
  await reader.until('the reader has all', () => reader.events.length === published)
  t.ok(reader.events.every((event, i) => sequence(event) === i))
  t.equal(reader.missed, 0)
  const scraped = await daemon.scrape()
  t.equal(scraped.get('sluice_connections_closed_total', 'code', 'slow_consumer'), 1)
  t.same(scraped.imbalance, { routing: 0, delivery: 0 })
  t.equal(scraped.get('sluice_memory_used_bytes'), 0)
  t.ok(scraped.dropped('closed') > 0)
  t.equal(scraped.get('sluice_sessions'), 2)
  frozen.thaw()
  t.match(await frozen.untilClosed(), { code: Code.SLOW_CONSUMER, reason: /fast enough/ })
  t.ok(
    frozen.events.every((event, i) => sequence(event) === i),
    'what it got before is the beginning, without a hole',
  )
})
