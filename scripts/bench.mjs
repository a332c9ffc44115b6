// `npm run bench`: compiles what changed, then measures.
import { spawn } from 'node:child_process'
import { buildBench, ROOT } from './bench-build.mjs'

const status = buildBench()
if (status !== 0) process.exit(status)

const run = spawn(process.execPath, ['build/bench/main.js', ...process.argv.slice(2)], { cwd: ROOT, stdio: 'inherit' })
// The benchmark ends its daemons and peers itself, and writes down what was measured, when it is interrupted: this must not end first.
// A terminal tells both of Ctrl-C; who ends this process by its id means the benchmark.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => run.kill('SIGTERM'))
run.on('exit', (code) => {
  process.exitCode = code ?? 1
})
