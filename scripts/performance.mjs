// `npm run bench:page`: writes docs/performance.md and its plots anew from the milestones in bench/results.
import { spawnSync } from 'node:child_process'
import { buildBench, ROOT } from './bench-build.mjs'

const status = buildBench()
if (status !== 0) process.exit(status)
const run = spawnSync(process.execPath, ['build/bench/performance.js'], { cwd: ROOT, stdio: 'inherit' })
process.exitCode = run.status ?? 1
