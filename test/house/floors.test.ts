import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import t from 'tap'
import ts from 'typescript'
import { filesBelow, inspect, ROOT } from './files.js'

const RULES = join(ROOT, '.dependency-cruiser.mjs')

interface Rules {
  FLOORS: Record<string, string[]>
  HOMES: Record<string, string>
}

const { FLOORS, HOMES } = (await import(pathToFileURL(RULES).href)) as Rules

async function cruiseSources(): Promise<ICruiseResult> {
  const options = await extractDepcruiseOptions(RULES)
  const tsConfig = extractTSConfig(join(ROOT, 'tsconfig.json'))
  const { output } = await cruise(['src'], { ...options, baseDir: ROOT }, undefined, { tsConfig })
  return output as ICruiseResult
}

t.test('imports go down the floors, in no circle, and each package has one home', async (t) => {
  const { summary, modules } = await cruiseSources()
  const violations = summary.violations.map(({ rule, from, to, cycle }) => {
    const way = cycle?.map(({ name }) => name).join(' → ') ?? to
    return `${rule.name}: ${from} → ${way}`
  })
  t.same(violations, [])
  const ours = modules.filter(({ source }) => source.startsWith('src/'))
  t.equal(ours.length, filesBelow('src').filter((path) => path.endsWith('.ts')).length, 'every source was looked at')
})

t.test('every folder has its floor', async (t) => {
  const folders = new Set(filesBelow('src').map((path) => path.split('/').slice(1, -1)[0] ?? 'main'))
  t.same(
    [...folders].filter((folder) => folder !== 'main' && !(folder in FLOORS)),
    [],
  )
})

t.test('a package is not loaded behind the back of the import rules', async (t) => {
  const strangers = filesBelow('src').flatMap((path) =>
    inspect(path, (node) => {
      if (!ts.isCallExpression(node)) return undefined
      const [first] = node.arguments
      if (first === undefined || !ts.isStringLiteral(first) || !(first.text in HOMES)) return undefined
      const isLoader = /require|import|resolve/i.test(node.expression.getText())
      const atHome = new RegExp(`^src/${HOMES[first.text]}`).test(path)
      return isLoader && !atHome ? `loads ${first.text}` : undefined
    }),
  )
  t.same(strangers, [])
})
