import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import ts from 'typescript'

/** The checkout: tests are started in it. */
export const ROOT = process.cwd()

/** Made by tools, or somebody else's. */
const FOLDERS_SKIPPED = new Set(['node_modules', 'dist', 'build', 'sbom', '.git', '.tap', 'coverage'])

/** @returns paths with `/`, relative to the checkout, of all files below `folder`, sorted */
export function filesBelow(folder: string): string[] {
  const found: string[] = []
  const walk = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory() && !FOLDERS_SKIPPED.has(entry.name) && !entry.name.startsWith('.dist-')) {
        walk(join(path, entry.name))
      } else if (entry.isFile()) found.push(relative(ROOT, join(path, entry.name)).split(sep).join('/'))
    }
  }
  if (existsSync(join(ROOT, folder))) walk(join(ROOT, folder))
  return found.sort()
}

export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** Calls `visit` for every node of a TypeScript file; what it returns is reported with the node's place. */
export function inspect(path: string, visit: (node: ts.Node) => string | undefined): string[] {
  const source = ts.createSourceFile(path, textOf(path), ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const walk = (node: ts.Node): void => {
    const what = visit(node)
    if (what !== undefined) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
      found.push(`${path}:${line + 1}: ${what}`)
    }
    ts.forEachChild(node, walk)
  }
  walk(source)
  return found
}

/** Whether an identifier stands for a variable, not for the name of a member (`clock.performance`, `{ process: 1 }`). */
export function isReference(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isQualifiedName(parent)) return parent.left === node
  const names =
    ts.isPropertyAssignment(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isGetAccessor(parent) ||
    ts.isSetAccessor(parent)
  return !(names && parent.name === node)
}
