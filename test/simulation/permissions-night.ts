// Plays permissions from many seeds: node build/test/simulation/permissions-night.js --cases 10000000 [--from N] [--operations N]
import { parseArgs } from 'node:util'
import { PermissionsWorld } from './permissions-world.js'

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '10000000' },
    from: { type: 'string', default: String(Math.floor(Math.random() * 0x7fffffff)) },
    operations: { type: 'string', default: '150' },
  },
})
const [wanted, from, operations] = [Number(values.cases), Number(values.from), Number(values.operations)]
const startedMs = performance.now()
const met: Record<string, number> = {}
let cases = 0
let failed = 0
let worlds = 0
for (; cases < wanted && failed < 10; worlds++) {
  const seed = from + worlds
  try {
    const report = new PermissionsWorld(seed).run(operations)
    cases += report.cases
    for (const [what, count] of Object.entries(report.met)) met[what] = (met[what] ?? 0) + count
  } catch (error) {
    failed++
    console.log(`seed ${seed}: ${(error as Error).stack}`)
    console.log(
      `replay: node build/test/simulation/permissions-night.js --cases 1 --from ${seed} --operations ${operations}`,
    )
  }
}
const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
console.log(`${cases} decisions in ${worlds} worlds from seed ${from}, ${failed} differed, ${seconds} s`)
console.log(JSON.stringify(met))
process.exitCode = failed > 0 ? 1 : 0
