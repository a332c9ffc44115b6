// Takes out of an installation what never runs on this platform and this Node, for images:
//
//   node scripts/prune.mjs node_modules
//
// uWebSockets.js comes with a binary for each platform and version of Node, 130 MB in all. Licenses stay, whatever they are called.
import { readdirSync, rmSync, statSync } from 'node:fs'
import { basename, extname, join, sep } from 'node:path'

const { platform, arch, versions } = process
const UWS_BINARY = `uws_${platform}_${arch}_${versions.modules}.node`
/** Types, maps, sources of what is compiled, texts. */
const EXTENSIONS = new Set(['.map', '.ts', '.mts', '.cts', '.md', '.markdown', '.flow', '.tsbuildinfo'])
/** At the top of a package. */
const FOLDERS = new Set([
  '.github',
  'bench',
  'benchmark',
  'benchmarks',
  'doc',
  'docs',
  'example',
  'examples',
  'test',
  'tests',
])
const LICENSE = /^(licen[cs]e|copying|notice)/i

function isNeedless(path) {
  const name = basename(path)
  if (LICENSE.test(name)) return false
  if (/^uws_.*\.node$/.test(name)) return name !== UWS_BINARY
  return EXTENSIONS.has(extname(name))
}

/** Whether a folder is a package itself: node_modules/name or node_modules/@scope/name. */
function isPackage(path) {
  const [, scopeOrName, name] = /(?:^|.*[\\/])node_modules[\\/]([^\\/]+)(?:[\\/]([^\\/]+))?$/.exec(path) ?? []
  return scopeOrName?.startsWith('@') ? name !== undefined : scopeOrName !== undefined && name === undefined
}

function sizeOf(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

/** @returns bytes taken out below a folder */
function prune(folder) {
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    const isNeedlessFolder = entry.isDirectory() && FOLDERS.has(entry.name) && isPackage(folder)
    if (isNeedlessFolder || (entry.isFile() && isNeedless(path))) {
      bytes += sizeOf(path)
      rmSync(path, { recursive: true })
    } else if (entry.isDirectory()) bytes += prune(path)
  }
  return bytes
}

const [root, ...rest] = process.argv.slice(2)
if (root === undefined || rest.length > 0 || basename(root.replace(/[\\/]+$/, '')) !== 'node_modules') {
  process.stderr.write(`usage: node scripts${sep}prune.mjs path${sep}to${sep}node_modules\n`)
  process.exitCode = 2
} else {
  process.stderr.write(`sluice: pruned ${(prune(root.replace(/[\\/]+$/, '')) / 1e6).toFixed(1)} MB from ${root}\n`)
}
