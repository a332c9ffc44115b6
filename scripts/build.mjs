// Compiles src/ to dist/ and bundles what is for browsers: the client and the dashboard.
//
//   node scripts/build.mjs               build
//   node scripts/build.mjs --if-needed   build unless dist/ is newer than every source; silent then
//
// The build happens in a folder beside dist/ and replaces it in one rename, so that a command started meanwhile sees
// the old or the new build, never half of one, and nothing of a deleted source survives. All it says goes to stderr:
// stdout may be a pipe that carries events.
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = join(ROOT, 'dist')
/** Written last; its time is when the build began, so that an edit made during a build asks for another. */
const STAMP = join(DIST, '.built')
const REPLACE_ATTEMPTS_MAX = 10
const SOURCES = ['src', 'scripts/build.mjs', 'tsconfig.json', 'package-lock.json']
const BROWSER_ENTRY = 'src/client/browser.ts'
const BROWSER_BUNDLE = 'client/sluice.min.js'
/** Packages that the browser gets a smaller stand-in for. */
const BROWSER_ALIASES = { msgpackr: 'src/client/msgpack-lite.ts' }
const DASHBOARD = 'src/dashboard'
/** Entry → name of its bundle below dist/dashboard. */
const DASHBOARD_ENTRIES = { 'main.ts': 'app', 'app.css': 'app' }
const DASHBOARD_FILES = ['index.html', 'icon.svg']

const resolve = createRequire(import.meta.url).resolve

function say(text) {
  process.stderr.write(`sluice: ${text}\n`)
}

function locate(id) {
  try {
    return resolve(id)
  } catch {
    return undefined
  }
}

/** Folders count too: their time changes when a file in them is added or removed. */
function newestMs(path) {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) return 0
  if (!stat.isDirectory()) return stat.mtimeMs
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestMs(join(path, name))), stat.mtimeMs)
}

function isFresh() {
  const built = statSync(STAMP, { throwIfNoEntry: false })
  return built !== undefined && SOURCES.every((source) => newestMs(join(ROOT, source)) < built.mtimeMs)
}

const BROWSER_BUILD = {
  alias: Object.fromEntries(Object.entries(BROWSER_ALIASES).map(([name, path]) => [name, join(ROOT, path)])),
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
}

async function bundleBrowser(outDir) {
  if (!existsSync(join(ROOT, BROWSER_ENTRY))) return
  const { build } = await import('esbuild')
  await build({ ...BROWSER_BUILD, entryPoints: [join(ROOT, BROWSER_ENTRY)], outfile: join(outDir, BROWSER_BUNDLE) })
  saySize(outDir, BROWSER_BUNDLE)
}

/** The compiled modules of the dashboard make way for its bundle: nothing imports them. */
async function bundleDashboard(outDir) {
  const { build } = await import('esbuild')
  const folder = join(outDir, 'dashboard')
  rmSync(folder, { recursive: true, force: true })
  await build({
    ...BROWSER_BUILD,
    entryPoints: Object.entries(DASHBOARD_ENTRIES).map(([entry, out]) => ({ in: join(ROOT, DASHBOARD, entry), out })),
    outdir: folder,
    banner: { js: `/*! uPlot: ${uplotLicense()} */` },
  })
  for (const name of DASHBOARD_FILES) copyFileSync(join(ROOT, DASHBOARD, name), join(folder, name))
  saySize(outDir, 'dashboard/app.js')
}

/** Its license is to go with every copy, a bundled one, too. */
function uplotLicense() {
  const license = readFileSync(join(dirname(resolve('uplot')), '..', 'LICENSE'), 'utf8')
  return license.trim().replaceAll('*/', '* /')
}

function saySize(outDir, name) {
  const bytes = readFileSync(join(outDir, name))
  say(`${name}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzipped`)
}

/** Another build may end at the same moment: whoever comes second makes way again. */
function replaceDist(fresh, retired) {
  for (let attempt = 0; ; attempt++) {
    try {
      if (existsSync(DIST)) renameSync(DIST, `${retired}-${attempt}`)
      return renameSync(fresh, DIST)
    } catch (error) {
      if (attempt >= REPLACE_ATTEMPTS_MAX) throw error
    } finally {
      rmSync(`${retired}-${attempt}`, { recursive: true, force: true })
    }
  }
}

async function build(tsc) {
  const startedMs = Date.now()
  const fresh = join(ROOT, `.dist-${process.pid}`)
  const retired = join(ROOT, `.dist-${process.pid}-old`)
  process.once('exit', () => rmSync(fresh, { recursive: true, force: true }))
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))

  say('building')
  const compiled = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.json', '--outDir', fresh, '--noEmitOnError'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
  })
  if (compiled.status !== 0) {
    say('build failed: the sources do not compile')
    return 1
  }
  await bundleBrowser(fresh)
  await bundleDashboard(fresh)
  writeFileSync(join(fresh, '.built'), '')
  utimesSync(join(fresh, '.built'), startedMs / 1000, startedMs / 1000)
  replaceDist(fresh, retired)
  say(`built in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`)
  return 0
}

async function main(argv) {
  const unknown = argv.find((arg) => arg !== '--if-needed')
  if (unknown !== undefined) {
    say(`unknown argument ${unknown}; usage: node scripts/build.mjs [--if-needed]`)
    return 2
  }
  const ifNeeded = argv.length > 0
  // The first `npx sluice` in a checkout runs `prepare`, hides what it says, and gives up when it fails: it gets what is
  // there, as every later one does.
  if (ifNeeded && (isFresh() || (process.env.npm_command === 'exec' && existsSync(DIST)))) return 0
  const tsc = locate('typescript/bin/tsc')
  if (tsc !== undefined) return build(tsc)
  // `npm ci --omit=dev` runs this too, where a build made elsewhere is what is wanted.
  if (!existsSync(DIST)) say('nothing built: TypeScript is not installed (npm ci installs it)')
  return ifNeeded ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
