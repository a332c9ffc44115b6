// `npm run bench`: compiles what changed (the daemon under test and the benchmark are compiled together), then measures.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const build = join(root, 'build')
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')

// The tests' settings without the tests: a test that does not compile must not keep anybody from measuring.
// The incremental record makes this take a second when nothing changed.
const project = join(build, 'bench.tsconfig.json')
mkdirSync(build, { recursive: true })
writeFileSync(
  project,
  JSON.stringify({
    extends: '../tsconfig.test.json',
    compilerOptions: { rootDir: '..', outDir: '.', incremental: true, tsBuildInfoFile: './bench.tsbuildinfo' },
    include: ['../src', '../bench'],
  }),
)
const built = spawnSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
if (built.status !== 0) process.exit(built.status ?? 1)

// The benchmark ends its daemons and peers itself when it is interrupted, so the signal must reach it and not end this first.
process.on('SIGINT', () => {})
const run = spawnSync(process.execPath, ['build/bench/main.js', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exitCode = run.status ?? 1
