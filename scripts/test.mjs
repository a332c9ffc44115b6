// Compiles src/ and test/ to build/, then runs every test file as a process of its own and adds up their TAP.
//
//   npm test                       all of them
//   npm test -- test/core lanes    those whose path contains one of the words
//   SLUICE_NODE=/path/node npm test    on another Node binary (what the tests start by process.execPath follows)
//   SLUICE_TEST_JOBS=1 npm test        files at a time, default: one more than cores, as many tests wait; at most 4
//   SLUICE_TEST_TIMEOUT_S=900 npm test   seconds for one file, default: 120
//
// Files are plain Node processes: the daemons that tests start must not inherit a test runner's module loaders.
// A file named *.alone.test.ts is run after the others, with nothing beside it.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { killRunning, runFile } from './test-file.mjs'
import { describeFailures, describeFile } from './test-report.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const NODE = process.env.SLUICE_NODE || process.execPath
const JOBS_MAX = 4
const ALONE = /\.alone\.test\.ts$/

const say = (text) => process.stdout.write(`${text}\n`)
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`

/** Errors of the compiler do not stop the run: what was emitted still tells more than nothing. */
function compile() {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const steps = [
    ['types', [tsc, '-p', 'tsconfig.test.json', '--incremental', '--tsBuildInfoFile', 'build/.tsbuildinfo']],
    ['build', [join('scripts', 'build.mjs'), '--if-needed']],
  ]
  for (const [name, args] of steps) {
    const done = spawnSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 1, 2] })
    if (done.status !== 0) return [`${name}: failed, see above`]
  }
  return []
}

/** Listed from the sources, so that the output of a deleted test is not run. */
function testSources(words) {
  return readdirSync(join(ROOT, 'test'), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', name).split(sep).join('/'))
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word.replace(/^\.\//, ''))))
    .sort()
}

async function runAll(sources, jobs, onDone) {
  const waiting = [...sources]
  const worker = async () => {
    for (let source = waiting.shift(); source !== undefined; source = waiting.shift()) {
      const compiled = join(ROOT, 'build', source.replace(/\.ts$/, '.js'))
      onDone(await runFile({ node: NODE, source, compiled, cwd: ROOT, env: childEnv() }))
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker))
}

/** `#!/usr/bin/env node` scripts that a test starts must find the same Node. */
function childEnv() {
  return { ...process.env, PATH: `${dirname(NODE)}:${process.env.PATH ?? ''}` }
}

function jobsWanted() {
  const asked = Number(process.env.SLUICE_TEST_JOBS)
  return Number.isInteger(asked) && asked > 0 ? asked : Math.min(availableParallelism() + 1, JOBS_MAX)
}

async function main(words) {
  const startedMs = Date.now()
  const sources = testSources(words)
  const broken = compile()
  const results = []
  const onDone = (result) => {
    results.push(result)
    say(describeFile(result))
  }
  await runAll(
    sources.filter((source) => !ALONE.test(source)),
    jobsWanted(),
    onDone,
  )
  await runAll(
    sources.filter((source) => ALONE.test(source)),
    1,
    onDone,
  )

  const sum = (key) => results.reduce((total, result) => total + result[key], 0)
  const [passed, failed, skipped] = [sum('passed'), sum('failed') + broken.length, sum('skipped')]
  for (const line of broken) say(`FAIL ${line}`)
  for (const result of results.filter((result) => result.failed > 0)) say(describeFailures(result))
  const version = spawnSync(NODE, ['--version'], { encoding: 'utf8' }).stdout?.trim()
  say(`\n${results.length} test files in ${seconds(Date.now() - startedMs)} on Node ${version}`)
  if (passed + failed === 0) say(words.length > 0 ? `no test ran: no file matches ${words.join(' ')}` : 'no test ran')
  say(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return failed === 0 && passed > 0 ? 0 : 1
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.once(signal, () => {
    killRunning()
    process.exit(code)
  })
}

process.exitCode = await main(process.argv.slice(2))
