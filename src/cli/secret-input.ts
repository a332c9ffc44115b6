import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { type Context, Failure, UsageError } from './command.js'

/** Longer than anything that is a password, and than anything that the daemon looks at. */
const INPUT_BYTES_MAX = 8192

/**
 * Reads a secret from standard input: one line, asked for twice and not shown on a terminal.
 * @throws UsageError where nothing, or more than a line, is given; Failure where what was typed differs
 */
export async function readSecret(what: string, context: Context): Promise<string> {
  if (context.stdin.isTTY !== true) return oneLine(await readAll(context), what)
  const [first, again] = await typed([`${what}: `, `${what} again: `], context)
  if (first === '') throw new UsageError(`no ${what.toLowerCase()} was given`)
  if (again !== first) throw new Failure('the two are not the same')
  return first
}

async function readAll({ stdin }: Context): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > INPUT_BYTES_MAX) throw new UsageError(`standard input has more than ${INPUT_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function oneLine(text: string, what: string): string {
  const line = text.replace(/\r?\n$/, '')
  if (line === '') throw new UsageError(`no ${what.toLowerCase()} was given on standard input`)
  if (/[\r\n]/.test(line)) throw new UsageError('standard input has more than one line')
  return line
}

/** A line for each question. What is typed is not echoed, from before the first is asked until the last is answered, but edited as usual. */
function typed(questions: readonly string[], { stdin, stderr, interrupted }: Context): Promise<string[]> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 })
  const answers: string[] = []
  return new Promise((resolve, reject) => {
    const ask = (): void => void stderr.write(questions[answers.length])
    lines.on('line', (line) => {
      answers.push(line)
      stderr.write('\n')
      if (answers.length < questions.length) ask()
      else lines.close()
    })
    lines.once('close', () => {
      if (answers.length === questions.length) resolve(answers)
      else reject(new Failure('interrupted'))
    })
    interrupted.addEventListener('abort', () => lines.close(), { once: true })
    ask()
  })
}
