// Compiles the daemon under test and the benchmark together, for `npm run bench` and `npm run bench:page`.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** @returns the status of the compiler, 0 when all compiled */
export function buildBench() {
  const build = join(ROOT, 'build')
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
  const built = spawnSync(process.execPath, [tsc, '-p', project], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return built.status ?? 1
}
