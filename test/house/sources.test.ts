import t from 'tap'
import ts from 'typescript'
import { filesBelow, inspect, textOf } from './files.js'

/** Past this a file has more than one reason to change. */
const LINES_MAX = 500
const CODE = /\.(ts|mjs|js)$/
const TEXT = /(\.(ts|mjs|js|json|md|toml|yml|yaml|sh|html|css|txt|service|conf)|\/run|rc|ignore|LICENSE|Dockerfile)$/

const FOLDERS = ['src', 'test', 'bench', 'scripts', 'bin']
const code = FOLDERS.flatMap(filesBelow).filter((path) => CODE.test(path))

t.test('the process is ended in one place', async (t) => {
  const exits = filesBelow('src')
    .filter((path) => path !== 'src/main.ts')
    .flatMap((path) =>
      inspect(path, (node) =>
        ts.isPropertyAccessExpression(node) && /^process\.(exit|reallyExit|abort)$/.test(node.getText())
          ? node.getText()
          : undefined,
      ),
    )
  t.same(exits, [], 'commands and the daemon return exit codes, src/main.ts uses them')
})

t.test('files stay small', async (t) => {
  const long = code.map((path) => ({ path, lines: textOf(path).split('\n').length })).filter((f) => f.lines > LINES_MAX)
  t.same(long, [])
})

t.test('nothing is left for later', async (t) => {
  const marker = /\b(TO[D]O|FIX[M]E|XX[X])\b/
  const found = code.flatMap((path) =>
    textOf(path)
      .split('\n')
      .flatMap((line, index) => (marker.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  )
  t.same(found, [])
})

t.test('no test keeps the others from running', async (t) => {
  const found = filesBelow('test')
    .filter((path) => path.endsWith('.test.ts'))
    .flatMap((path) =>
      inspect(path, (node) =>
        ts.isPropertyAccessExpression(node) && node.name.text === 'only' && node.expression.getText() === 't'
          ? 't.only'
          : undefined,
      ),
    )
  t.same(found, [])
})

t.test('no file names the machine it was written on, or a registry', async (t) => {
  // Character classes, so that this file does not find itself.
  const patterns = [/\/wor[k]\//, /\/roo[t]\//, /registry\.npm[j]s/, /registry\.yarn[p]kg/, /deb\.debian[.]org/]
  const found = filesBelow('.')
    .filter((path) => TEXT.test(path))
    .flatMap((path) => {
      const text = textOf(path)
      return patterns.filter((pattern) => pattern.test(text)).map((pattern) => `${path}: ${pattern}`)
    })
  t.same(found, [])
})
