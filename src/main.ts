import { type Context, Exit, exitOfSignal, Failure, UsageError } from './cli/command.js'
import { runCommandLine } from './cli/run.js'
import { styleFor } from './cli/style.js'

// Resolves when the stream has passed on what was written, or when its reader has gone.
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) return resolve()
    stream.once('error', () => resolve())
    stream.write('', () => resolve())
  })
}

const interrupt = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupt.signal.aborted) process.exit(signal === 'SIGTERM' ? Exit.SIGTERM : Exit.SIGINT)
    interrupt.abort(signal)
  })
}
// A reader that went away (`sluice sub … | head`) is found out by whoever writes, and must not crash the process before.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

const context: Context = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  interrupted: interrupt.signal,
}

let code: number
try {
  code = await runCommandLine(process.argv.slice(2), context)
} catch (error) {
  // Anything else is our bug: it goes on to end the process with its stack.
  if (!(error instanceof UsageError) && !(error instanceof Failure)) throw error
  code =
    error instanceof UsageError ? Exit.USAGE : interrupt.signal.aborted ? exitOfSignal(interrupt.signal) : Exit.FAILED
  process.stderr.write(`${styleFor(process.stderr, process.env).red('sluice:')} ${error.message}\n`)
}
await Promise.all([flushed(process.stdout), flushed(process.stderr)])
process.exit(code)
