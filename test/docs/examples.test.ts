// The TypeScript in the documents compiles, runs against a daemon, and prints what its comments say: `// → text`.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { Command } from '../helpers/command.js'
import { daemonHere } from '../helpers/daemon.js'
import { filesBelow, ROOT, textOf } from '../house/files.js'

const URL_IN_TEXTS = 'ws://127.0.0.1:7400'
const HTTP2_URL_IN_TEXTS = 'http://127.0.0.1:7401'
/** In the checkout, so that `sluice/client` is what the package exports. */
const FOLDER = join(ROOT, 'build', `examples-${process.pid}`)
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  strict: true,
  noUnusedLocals: true,
  skipLibCheck: true,
  noEmit: true,
}

interface Example {
  /** Document and line. */
  readonly place: string
  readonly code: string
  /** Lines it prints, in order. */
  readonly prints: readonly string[]
}

function examplesOf(document: string): Example[] {
  const text = textOf(document)
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ 1: code, index }) => ({
    place: `${document}:${text.slice(0, index).split('\n').length}`,
    code,
    prints: [...code.matchAll(/\/\/ → (.*)$/gm)].map((match) => match[1]),
  }))
}

const examples = ['README.md', ...filesBelow('docs').filter((path) => path.endsWith('.md'))].flatMap(examplesOf)

const sourceOf = (number: number): string => join(FOLDER, `example-${number}.ts`)

mkdirSync(FOLDER, { recursive: true })
t.teardown(() => rmSync(FOLDER, { recursive: true, force: true }))

t.test('they compile', async (t) => {
  t.ok(examples.length > 5, `${examples.length} examples`)
  for (const [number, { code }] of examples.entries()) writeFileSync(sourceOf(number), code)
  const program = ts.createProgram(
    examples.map((_, number) => sourceOf(number)),
    OPTIONS,
  )
  const problems = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const number = examples.findIndex((_, each) => file?.fileName === sourceOf(each))
    return `${examples[number]?.place ?? file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
  t.same(problems, [])
})

t.test('they print what they say', async (t) => {
  const daemon = await daemonHere(t)
  for (const [number, { place, code, prints }] of examples.entries()) {
    const script = sourceOf(number).replace(/\.ts$/, '.js')
    const here = code.replaceAll(URL_IN_TEXTS, daemon.url).replaceAll(HTTP2_URL_IN_TEXTS, daemon.http2Url)
    const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 }
    writeFileSync(script, ts.transpileModule(here, { compilerOptions }).outputText)
    const command = Command.spawn(t, process.execPath, [script], { cwd: ROOT })
    if (/\.(close|drain)\(\)/.test(code)) {
      await command.exited
      t.equal(command.code, 0, `${place} ends`)
    } else {
      await command.untilLines(prints.length)
      command.signal('SIGKILL')
      await command.exited
    }
    t.ok(prints.length > 0, `${place} prints something`)
    t.same(command.lines, prints, place)
    t.equal(command.stderr, '', `${place} says nothing on stderr`)
  }
})
