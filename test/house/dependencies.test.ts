import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { ROOT, textOf } from './files.js'

interface Locked {
  resolved?: string
  integrity?: string
  optional?: boolean
  os?: string[]
  cpu?: string[]
}

const EXACT = /^(npm:[^@]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/

const manifest = JSON.parse(textOf('package.json')) as Record<string, Record<string, string>>
const lock = JSON.parse(textOf('package-lock.json')) as { packages: Record<string, Locked> }

t.test('versions are exact', async (t) => {
  const asked = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
  t.ok(asked.length > 0)
  t.same(
    asked.filter(([, version]) => !EXACT.test(version)),
    [],
  )
})

t.test('the lock file pins contents and names no address', async (t) => {
  const entries = Object.entries(lock.packages).filter(([path]) => path !== '')
  t.ok(entries.length > 0)
  t.same(
    entries.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path),
    [],
  )
  const unpinned = entries.filter(([, { integrity }]) => integrity === undefined)
  // Written by scripts/lock.mjs: never installed on the platforms that this project is built and tested on.
  const elsewhere = ({ optional, os, cpu }: Locked): boolean =>
    optional === true && os !== undefined && cpu !== undefined
  t.same(
    unpinned.filter(([, entry]) => !elsewhere(entry)).map(([path]) => path),
    [],
  )
})

t.test('npm ci accepts the lock file', async (t) => {
  const { stderr } = await promisify(execFile)(process.execPath, ['scripts/lock.mjs', '--check'], { cwd: ROOT })
  t.equal(stderr, '')
})
