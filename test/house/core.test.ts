import t from 'tap'
import ts from 'typescript'
import { filesBelow, inspect, isReference } from './files.js'

/** Time, chance, the process and later turns are handed to the core, so that one seed replays any failure. */
const GLOBALS_BANNED = new Set([
  'AbortController',
  'Date',
  'Promise',
  'WeakRef',
  'FinalizationRegistry',
  'clearTimeout',
  'console',
  'crypto',
  'fetch',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'require',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'structuredClone',
])

function trespass(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return 'async'
  if (ts.isAwaitExpression(node)) return 'await'
  if (ts.isForOfStatement(node) && node.awaitModifier) return 'for await'
  if (ts.isPropertyAccessExpression(node) && node.getText() === 'Math.random') return 'Math.random'
  if (ts.isIdentifier(node) && GLOBALS_BANNED.has(node.text) && isReference(node)) return node.text
  return undefined
}

t.test('the core has no clock, no chance, no I/O and no later', async (t) => {
  const sources = filesBelow('src/core')
  t.ok(sources.length > 0, 'there is a core')
  t.same(
    sources.flatMap((path) => inspect(path, trespass)),
    [],
  )
})
