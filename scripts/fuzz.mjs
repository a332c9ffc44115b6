// `npm run fuzz`: bundles the targets of test/fuzz/targets and what runs them to build/fuzz/, then runs them. `npm run fuzz -- --help` says how.
//
// jsfuzz instruments what is loaded by require(), so that each target becomes one CommonJS file with all of ours that it
// uses in it. Packages stay outside: how much of them is reached is not what guides it.
import { spawn } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')
const OUT = join(ROOT, 'build/fuzz')
const TARGETS = join(ROOT, 'test/fuzz/targets')
/** Loaded before anything is instrumented, and so not instrumented. */
const PACKAGES = ['msgpackr', 'ws']

const names = readdirSync(TARGETS).map((file) => file.replace(/\.ts$/, ''))
const common = { bundle: true, platform: 'node', packages: 'external', logLevel: 'warning' }
await build({
  ...common,
  entryPoints: names.map((name) => join(TARGETS, `${name}.ts`)),
  outdir: join(OUT, 'targets'),
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href" },
  // What the instrumenter of jsfuzz can read.
  target: 'es2020',
})
await build({
  ...common,
  entryPoints: { main: 'test/fuzz/engine/main.ts', worker: 'test/fuzz/engine/worker.ts' },
  absWorkingDir: ROOT,
  outdir: OUT,
  outExtension: { '.js': '.mjs' },
  format: 'esm',
  target: 'node20',
})
writeFileSync(join(OUT, 'preload.cjs'), PACKAGES.map((name) => `require('${name}')\n`).join(''))

const run = spawn(process.execPath, [join(OUT, 'main.mjs')], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, SLUICE_FUZZ: JSON.stringify({ root: ROOT, names, argv: process.argv.slice(2) }) },
})
// It ends what it has started; a terminal sends SIGINT to both.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => run.kill('SIGTERM'))
run.once('exit', (status) => {
  process.exitCode = status ?? 1
})
