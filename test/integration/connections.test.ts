import { fork } from 'node:child_process'
import { on } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { DaemonProcess } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

const WANTED = 10_000
/** Of the descriptors of a process, what is left for all that is no connection. */
const SPARE_DESCRIPTORS = 200

function descriptorsMax(): number {
  const limit = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit)
}

t.setTimeout(120_000)

t.test(
  '10,000 connections: each subscribes, one event reaches all, nothing is left of them',
  { timeout: 120_000 },
  async (t) => {
    const size = Math.min(WANTED, descriptorsMax() - SPARE_DESCRIPTORS)
    t.comment(`${size} connections`)
    const daemon = await DaemonProcess.start(t)
    const publisher = await RawClient.open(daemon.url)
    const bytesBefore = daemon.residentBytes
    const child = fork(fileURLToPath(new URL('many-connections.js', import.meta.url)), [
      daemon.url,
      String(size),
      'everybody',
    ])
    t.teardown(() => child.kill('SIGKILL'))
    const told = on(child, 'message')
    const next = async () => (await told.next()).value[0] as { what: string }

    t.match(await next(), { what: 'subscribed', subscribed: size, open: size })
    const full = await daemon.scrape()
    t.equal(full.get('sluice_sessions'), size + 1)
    t.equal(full.get('sluice_connections', 'listener', 'listen'), size + 1)
    t.comment(`${Math.round((daemon.residentBytes - bytesBefore) / size)} bytes of the daemon each`)

    publisher.publish('everybody', 'hello')
    t.match(await next(), { what: 'received', received: size })
    t.equal((await daemon.scrape()).get('sluice_deliveries_total'), size)

    child.send('close')
    t.match(await next(), { what: 'closed', received: size, open: 0 })
    await until('the daemon has seen them go', async () => (await daemon.scrape()).get('sluice_sessions') === 1)
    const empty = await daemon.scrape()
    t.equal(empty.get('sluice_connections', 'listener', 'listen'), 1)
    t.equal(empty.get('sluice_connections_closed_total', 'code', '1005'), size)
    t.equal(empty.get('sluice_memory_used_bytes'), 0)
    t.same(empty.imbalance, { routing: 0, delivery: 0 })
    publisher.publish('everybody', 'anybody?')
    await publisher.sync()
    t.equal((await daemon.scrape()).get('sluice_events_unmatched_total'), 1)
  },
)
