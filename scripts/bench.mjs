// `npm run bench`: compiles what changed, then measures.
import { spawnSync } from 'node:child_process'
import { buildBench, ROOT } from './bench-build.mjs'

const status = buildBench()
if (status !== 0) process.exit(status)

// The benchmark ends its daemons and peers itself when it is interrupted, so the signal must reach it and not end this first.
process.on('SIGINT', () => {})
const run = spawnSync(process.execPath, ['build/bench/main.js', ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: 'inherit',
})
process.exitCode = run.status ?? 1
