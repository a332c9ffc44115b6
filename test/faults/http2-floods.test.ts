import t from 'tap'
import { RawHttp2 } from '../helpers/http2-raw.js'
import { ATTACKS } from './http2-attacks.js'
import { http2Neighbours } from './http2-neighbours.js'
import { Http2Target } from './http2-target.js'

/** What an attack may reach before it is stopped. */
const HANDLED_MAX = 150
/** All of them together, one after another: much of it is memory that the allocator keeps. */
const GROWTH_BYTES_MAX = 10 * 1024 * 1024 * 2

t.setTimeout(120_000)

t.test('each attack ends its own connection, is counted, and harms nobody beside it', async (t) => {
  const target = await Http2Target.start(t)
  const beside = await http2Neighbours(target.port)
  let before = await target.report()
  const residentBytes = before.residentBytes
  for (const { name, reasons, run } of ATTACKS) {
    const sane = beside.answered
    const client = await RawHttp2.open(target.port)
    await run(client)
    await client.untilClosed()
    const after = await target.report()
    const counted = Object.keys(after.hostile).filter((reason) => after.hostile[reason] !== before.hostile[reason])
    t.equal(sum(after.hostile) - sum(before.hostile), 1, `${name}: is counted once`)
    t.ok(reasons.includes(counted[0]), `${name}: as one of ${reasons.join(', ')}: ${counted[0]}`)
    const handled = after.handled - before.handled - (beside.sent - sane)
    t.ok(handled <= HANDLED_MAX, `${name}: ${handled} requests reached the handler`)
    before = after
  }
  t.ok(before.residentBytes - residentBytes <= GROWTH_BYTES_MAX)
  const { failures, answered } = await beside.stop()
  t.same(failures, [])
  t.ok(answered > 100)
})

function sum(counts: { [reason: string]: number }): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
