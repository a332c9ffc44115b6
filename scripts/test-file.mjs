// Runs one compiled test file and reads its TAP.
import { spawn } from 'node:child_process'
import { Parser } from 'tap-parser'

/** Handed to tap, which then says which test it was in; the kill comes when even that fails. */
const FILE_TIMEOUT_S = Number(process.env.SLUICE_TEST_TIMEOUT_S || 120)
const KILL_AFTER_MS = (FILE_TIMEOUT_S + 10) * 1000
/** Characters of a file's stderr that are kept: the end is what explains a failure. */
const STDERR_CHARS_MAX = 8192

/** What tap gives as the reason of an empty plan that nobody asked for. */
const NOTHING_RAN = 'no tests found'

const running = new Set()

/** Each file leads a process group, so that a daemon that a dying test left behind goes with it. */
function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // ESRCH: nothing is left of the group.
  }
}

export function killRunning() {
  for (const pid of running) killGroup(pid)
}

/**
 * @returns {Promise<{source: string, passed: number, failed: number, skipped: number, ms: number,
 *   failures: {name: string, diag: unknown}[], skips: string[], stderr: string, ended: number | string}>} counts of assertions; a crash, a
 *   timeout, a broken plan or a file without one assertion counts as one failure
 */
export function runFile({ node, source, compiled, cwd, env }) {
  const startedMs = Date.now()
  const result = { source, passed: 0, failed: 0, skipped: 0, ms: 0, failures: [], skips: [], stderr: '', ended: 0 }
  const fail = (name, diag) => {
    result.failed++
    result.failures.push({ name, diag })
  }
  const tap = new Parser((summary) => {
    if (summary.plan.skipAll && summary.plan.skipReason !== NOTHING_RAN) result.skips.push(summary.plan.skipReason)
    for (const failure of summary.failures) if (failure.tapError) fail(`TAP: ${failure.tapError}`, undefined)
  })
  // 'result' leaves out the lines that only sum up a subtest: what is counted is assertions.
  tap.on('result', (assertion) => {
    if (assertion.skip || assertion.todo) {
      result.skipped++
      result.skips.push(`${assertion.fullname}: ${assertion.skip || assertion.todo}`)
    } else if (assertion.ok) result.passed++
    else fail(assertion.fullname || assertion.name, assertion.diag)
  })
  tap.on('bailout', (reason) => fail(`bailed out: ${reason}`, undefined))

  return new Promise((resolve) => {
    const child = spawn(node, ['--enable-source-maps', compiled], {
      cwd,
      env: { ...env, TAP_TIMEOUT: String(FILE_TIMEOUT_S) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    running.add(child.pid)
    const timer = setTimeout(() => {
      fail(`still running after ${KILL_AFTER_MS / 1000} s, killed`, undefined)
      killGroup(child.pid)
    }, KILL_AFTER_MS)
    child.stdout.pipe(tap)
    child.stderr.setEncoding('utf8').on('data', (text) => {
      result.stderr = (result.stderr + text).slice(-STDERR_CHARS_MAX)
    })
    child.on('error', (error) => {
      fail(`did not start: ${error.message}`, undefined)
      finish()
    })
    child.on('exit', (code, signal) => {
      result.ended = signal ?? code
      killGroup(child.pid)
    })
    child.on('close', finish)

    function finish() {
      clearTimeout(timer)
      running.delete(child.pid)
      if (result.ended !== 0 && result.failed === 0) fail('no assertion failed, but the process did', undefined)
      if (result.passed + result.failed === 0 && result.skips.length === 0) fail('has no assertion', undefined)
      if (result.passed + result.failed + result.skipped === 0) result.skipped = 1
      result.ms = Date.now() - startedMs
      resolve(result)
    }
  })
}
