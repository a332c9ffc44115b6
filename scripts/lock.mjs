// Completes package-lock.json after `npm install`, and checks it.
//
//   node scripts/lock.mjs            add what is missing
//   node scripts/lock.mjs --check    exit 1 when something is missing
//
// npm leaves a native package of another platform out of the lock file when the registry in use does not serve it, and
// `npm ci` then refuses the lock file everywhere. Such a package is added by name, version and platform. It has no
// integrity hash: it is never fetched on the platform the lock file was made on.
import { readFileSync, writeFileSync } from 'node:fs'

const LOCK = new URL('../package-lock.json', import.meta.url)
/** The tail of a native package's name, as napi and esbuild name theirs: linux-x64-musl, darwin-arm64, linux-arm-gnueabihf. */
const PLATFORM =
  /(aix|android|darwin|freebsd|linux|netbsd|openbsd|sunos|win32)-([a-z0-9]+?)(?:-(gnu|musl|msvc)(?:eabihf)?)?$/
const LIBC = { gnu: 'glibc', musl: 'musl' }

function platformEntry(name, version, dev) {
  const found = PLATFORM.exec(name)
  if (!found) throw new Error(`${name} is missing from package-lock.json and its name tells no platform`)
  const [, os, cpu, abi] = found
  return {
    version,
    cpu: [cpu],
    ...(dev ? { dev } : {}),
    ...(LIBC[abi] ? { libc: [LIBC[abi]] } : {}),
    optional: true,
    os: [os],
  }
}

/** @returns {Record<string, object>} lock entries, by path, that optional dependencies ask for and that are not there */
function missing(packages) {
  const have = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')))
  const found = {}
  for (const entry of Object.values(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!have.has(name)) found[`node_modules/${name}`] = platformEntry(name, version, entry.dev)
    }
  }
  return found
}

const lock = JSON.parse(readFileSync(LOCK, 'utf8'))
const added = missing(lock.packages)
const paths = Object.keys(added)
if (process.argv.includes('--check')) {
  for (const path of paths) process.stderr.write(`package-lock.json lacks ${path}: run node scripts/lock.mjs\n`)
  process.exitCode = paths.length === 0 ? 0 : 1
} else if (paths.length > 0) {
  const entries = Object.entries({ ...lock.packages, ...added })
  lock.packages = Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b, 'en')))
  writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`)
  process.stderr.write(`package-lock.json: added ${paths.length} packages of other platforms\n`)
}
