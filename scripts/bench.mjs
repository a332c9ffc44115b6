// `npm run bench`: compiles what changed (the daemon under test and the benchmark are compiled together), then measures.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
// The incremental record makes this take about a second when nothing changed.
const built = spawnSync(
  process.execPath,
  [tsc, '-p', 'tsconfig.test.json', '--incremental', '--tsBuildInfoFile', 'build/bench.tsbuildinfo'],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
)
if (built.status !== 0) process.exit(built.status ?? 1)

// The benchmark ends its daemons and peers itself when it is interrupted, so the signal must reach it and not end this first.
process.on('SIGINT', () => {})
const run = spawnSync(process.execPath, ['build/bench/main.js', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exitCode = run.status ?? 1
