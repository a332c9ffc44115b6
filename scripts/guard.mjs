// `npm run guard`: compiles the daemon and what looks at it, then compares the work of an event with bench/guard/baseline.json.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const build = join(root, 'build')
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')

// Where tests and benchmarks are compiled to as well, but only what is needed here.
const project = join(build, 'guard.tsconfig.json')
mkdirSync(build, { recursive: true })
writeFileSync(
  project,
  JSON.stringify({
    extends: '../tsconfig.test.json',
    compilerOptions: { rootDir: '..', outDir: '.', incremental: true, tsBuildInfoFile: './guard.tsbuildinfo' },
    include: ['../src', '../bench/guard'],
  }),
)
const built = spawnSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
if (built.status !== 0) process.exit(built.status ?? 1)

// It ends its daemon itself when it is interrupted.
process.on('SIGINT', () => {})
const run = spawnSync(process.execPath, ['build/bench/guard/main.js', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exitCode = run.status ?? 1
