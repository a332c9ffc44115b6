// Plays worlds from many seeds: node build/test/simulation/night.js --seeds 10000 [--from N] [--events N]
import { parseArgs } from 'node:util'
import { World } from './world.js'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10000' },
    from: { type: 'string', default: String(Math.floor(Math.random() * 0x7fffffff)) },
    events: { type: 'string', default: '20000' },
  },
})
const [seeds, from, events] = [Number(values.seeds), Number(values.from), Number(values.events)]
const startedMs = performance.now()
const failed: number[] = []
const total = { events: 0, accepted: 0, delivered: 0, dropped: 0, sessions: 0 }
let toldMs = startedMs
for (let i = 0; i < seeds; i++) {
  const seed = from + i
  try {
    const report = new World(seed).run(events)
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += report[key]
  } catch (error) {
    failed.push(seed)
    console.log(`seed ${seed}: ${(error as Error).stack}`)
    console.log(`replay: node build/test/simulation/night.js --seeds 1 --from ${seed} --events ${events}`)
  }
  const nowMs = performance.now()
  if (nowMs - toldMs > 5000 || i + 1 === seeds) {
    toldMs = nowMs
    const { events: sent, accepted, delivered, dropped, sessions } = total
    const share = `${i + 1}/${seeds} seeds, ${failed.length} failed, ${((nowMs - startedMs) / 1000).toFixed(0)} s`
    console.log(
      `${share}: ${sent} sent, ${accepted} accepted, ${delivered} delivered, ${dropped} dropped, ${sessions} sessions`,
    )
  }
}
if (failed.length > 0) console.log(`failed: ${failed.join(' ')}`)
process.exitCode = failed.length > 0 ? 1 : 0
