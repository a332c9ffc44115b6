import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { ROOT } from './files.js'

interface Result {
  passed: number
  failed: number
  skipped: number
  failures: { name: string }[]
  ended: number | string
}

interface Runner {
  runFile(file: {
    node: string
    source: string
    compiled: string
    cwd: string
    env: NodeJS.ProcessEnv
  }): Promise<Result>
}

const { runFile } = (await import(pathToFileURL(join(ROOT, 'scripts/test-file.mjs')).href)) as Runner

/** Runs `code` as a test file. */
async function ran(t: { testdir(content: Record<string, string>): string }, code: string): Promise<Result> {
  const compiled = join(t.testdir({ 'case.test.mjs': code }), 'case.test.mjs')
  return runFile({ node: process.execPath, source: 'case', compiled, cwd: ROOT, env: process.env })
}

t.test('assertions are counted, however deep; the lines that sum up a subtest are not', async (t) => {
  const result = await ran(
    t,
    `import t from 'tap'
     t.ok(1)
     t.test('a', async (t) => { t.ok(1); t.test('b', async (t) => { t.ok(1); t.equal(1, 2, 'unequal') }) })
     t.test('c', { skip: 'why' }, async (t) => { t.ok(0) })`,
  )
  t.match(result, { passed: 3, failed: 1, skipped: 1, ended: 1 })
  t.match(result.failures[0]?.name, 'a > b > unequal')
})

t.test('a file that proves nothing has failed', async (t) => {
  t.match(await ran(t, `import 'tap'`), { passed: 0, failed: 1 })
  t.match(await ran(t, `console.log('no test')`), { passed: 0, failed: 1 })
  t.match(await ran(t, `import t from 'tap'; t.plan(0, 'no browser here')`), { passed: 0, failed: 0, skipped: 1 })
})

t.test('a file that dies has failed, whatever passed before', async (t) => {
  const dying = `import t from 'tap'; t.ok(1); t.test('waits', () => new Promise(() => {}));`
  t.match(await ran(t, `${dying} setImmediate(() => process.kill(process.pid, 'SIGKILL'))`), {
    failed: 1,
    ended: 'SIGKILL',
  })
  t.match(await ran(t, `${dying} setImmediate(() => process.exit(7))`), { failed: 1 })
  t.match(await ran(t, `throw new SyntaxError('early')`), { failed: 1 })
})

t.test('what a file leaves running ends with it', async (t) => {
  const result = await ran(
    t,
    `import t from 'tap'
     import { spawn } from 'node:child_process'
     spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' }).unref()
     t.ok(1)`,
  )
  t.match(result, { passed: 1, failed: 0 }, 'the pipe it shared was closed')
})
