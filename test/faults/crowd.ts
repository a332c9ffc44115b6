import { build } from 'hdr-histogram-js'
import { RawClient } from '../helpers/raw-client.js'
import { type CrowdOptions, type CrowdReport, MEASURED_TOPIC } from './crowd-process.js'

/** A child process of subscribers that check the sequence and measure from the time in each event to its arrival. */
const { url, size, pattern } = JSON.parse(process.argv[2]) as CrowdOptions
const NS_PER_US = 1000n

let received = 0
let holes = 0
let latency = build()
const next = new Float64Array(size)

const clients = await Promise.all(
  Array.from({ length: size }, async (_, i) => {
    const client = await RawClient.open(url)
    client.onEvent = ({ topic, payload }) => {
      received++
      if (topic !== MEASURED_TOPIC) return
      const sequence = payload.readDoubleBE(0)
      if (sequence !== next[i]) holes++
      next[i] = sequence + 1
      latency.recordValue(Number((process.hrtime.bigint() - payload.readBigUInt64BE(8)) / NS_PER_US))
    }
    await client.subscribe(pattern)
    return client
  }),
)

/** Says how it was since the last report. */
process.on('message', () => {
  const report: CrowdReport = {
    received,
    least: Math.min(...next),
    holes,
    gaps: clients.reduce((sum, { missed }) => sum + missed, 0),
    closed: clients.filter((client) => client.closed !== null).length,
    p50Us: latency.getValueAtPercentile(50),
    p99Us: latency.getValueAtPercentile(99),
  }
  latency = build()
  process.send?.(report)
})
process.send?.('ready')
