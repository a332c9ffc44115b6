import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'hdr-histogram-js'
import t, { type Test } from 'tap'
import { hashToken } from '../../src/security/tokens.js'
import { makeCertificate, opensslMissing } from '../helpers/certificates.js'
import { DaemonProcess } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'
import { HostileCrowd, type HostileNews } from './hostile-crowd-process.js'

/** 10,000 hostile peers beside 100 that behave well, in rounds with and without, and figures: SLUICE_LONG=1, or SLUICE_LONG=hostile for this one alone. */
const isLong = ['1', 'hostile'].includes(process.env.SLUICE_LONG ?? '')
const HOSTILE = isLong ? Number(process.env.SLUICE_HOSTILE ?? 10_000) : 200
const PAIRS = isLong ? 50 : 5
const ROUNDS = isLong ? 3 : 1
/** Of each round, as long without the hostile as with them. */
const ROUND_MS = isLong ? 5000 : 500
const INTERVAL_MS = 10
const TOKEN = 'token-of-those-who-behave'
const TOPIC = 'well.behaved'
/** What a socket of theirs may cost before it is known who it is, with all that an engine keeps of its own. */
const BYTES_PER_SOCKET_MAX = 64 * 1024
const SLACK_BYTES = 96 * 1024 * 1024

t.setTimeout(300_000)

/** Fifty publishers and their subscribers, each on a topic of its own; all on one clock. */
class WellBehaved {
  private readonly pairs: { publisher: RawClient; subscriber: RawClient }[] = []
  published = 0
  received = 0
  private latency = build()

  static async open(url: string): Promise<WellBehaved> {
    const all = new WellBehaved()
    const headers = { authorization: `Bearer ${TOKEN}` }
    for (let i = 0; i < PAIRS; i++) {
      const publisher = await RawClient.open(url, undefined, { headers })
      const subscriber = await RawClient.open(url, undefined, { headers })
      subscriber.onEvent = ({ payload }) => {
        all.received++
        all.latency.recordValue(Number((process.hrtime.bigint() - payload.readBigUInt64BE(0)) / 1000n))
      }
      await subscriber.subscribe(`${TOPIC}.${i}`)
      all.pairs.push({ publisher, subscriber })
    }
    return all
  }

  /** Publishes for so long. @returns microseconds */
  async run(ms: number): Promise<number> {
    this.latency = build()
    const end = performance.now() + ms
    while (performance.now() < end) {
      for (const [i, { publisher }] of this.pairs.entries()) {
        const payload = Buffer.alloc(100)
        payload.writeBigUInt64BE(process.hrtime.bigint())
        publisher.publish(`${TOPIC}.${i}`, payload)
        this.published++
      }
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS))
    }
    await until('all to arrive', () => this.received === this.published)
    return this.latency.getValueAtPercentile(99)
  }

  get closed(): number {
    return this.pairs.filter(({ publisher, subscriber }) => publisher.closed !== null || subscriber.closed !== null)
      .length
  }
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]

async function attacked(t: Test, engine: string): Promise<void> {
  const { certificateFile, keyFile } = makeCertificate(t, { kind: 'ec' })
  const folder = mkdtempSync(join(tmpdir(), 'sluice-hostile-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const config = join(folder, 'sluice.toml')
  writeFileSync(config, `[[user]]\nname = "good"\ntoken_hashes = ["${hashToken(TOKEN)}"]\n`)
  const daemon = await DaemonProcess.start(
    t,
    {
      'listen.engine': engine,
      'tls.certificate': certificateFile,
      'tls.key': keyFile,
      'limits.message_time': '3s',
      'tls.handshake_timeout': isLong ? '10s' : '2s',
    },
    config,
  )
  const good = await WellBehaved.open(daemon.url)
  const memoryBefore = daemon.residentBytes
  const [without, beside]: [number[], number[]] = [[], []]
  let memory = memoryBefore
  for (let round = 0; round < ROUNDS; round++) {
    without.push(await good.run(ROUND_MS))
    const crowd = await HostileCrowd.start(t, {
      size: HOSTILE,
      port: daemon.port,
      httpsPort: Number(new URL(daemon.httpsUrl).port),
    })
    beside.push(await good.run(ROUND_MS))
    memory = Math.max(memory, daemon.residentBytes)
    let news: HostileNews = await crowd.news()
    await until(
      'all hostile to be gone',
      async () => {
        news = await crowd.news()
        // Who reads nothing does not notice its own end.
        return news.connected - news.over - (news.left['half-open'] ?? 0) === 0
      },
      60_000,
    )
    await until(
      'the daemon to be rid of them',
      async () => (await daemon.scrape()).get('sluice_sessions') === 2 * PAIRS,
    )
    t.comment(
      `${engine}: ${news.connected} came, ${news.refused} did not; there at most, in ms: ${JSON.stringify(news.longestMs)}`,
    )
    crowd.stop()
  }
  t.equal(good.closed, 0, 'nobody who behaves was closed')
  t.equal(good.received, good.published, `all ${good.published} of their events have arrived`)
  t.ok(memory - memoryBefore <= HOSTILE * BYTES_PER_SOCKET_MAX + SLACK_BYTES, `${memory - memoryBefore} bytes more`)
  const scraped = await daemon.scrape()
  t.same(scraped.imbalance, { routing: 0, delivery: 0 })
  t.equal(scraped.get('sluice_sessions'), 2 * PAIRS)
  t.equal(daemon.stderr, '')
  t.comment(
    `${engine}: p99 without ${median(without)} µs of ${without}, beside ${HOSTILE} hostile ${median(beside)} µs of ${beside}; ` +
      `${((memory - memoryBefore) / 1e6).toFixed(0)} MB more`,
  )
}

for (const engine of ['auto', 'node']) {
  t.test(`those who behave well notice nothing: ${engine}`, { skip: opensslMissing }, (t) => attacked(t, engine))
}
