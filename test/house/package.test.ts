import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { filesBelow, ROOT, textOf } from './files.js'

const run = promisify(execFile)
const { version } = JSON.parse(textOf('package.json')) as { version: string }

/** What a page that wants the client has to load, gzipped. */
const BUNDLE_BYTES_MAX = 20 * 1024

const folder = await mkdtemp(join(tmpdir(), 'sluice-package-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

t.test('the package holds what runs and nothing else', async (t) => {
  await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT })
  await run('tar', ['-xzf', `sluice-${version}.tgz`], { cwd: folder })
  const packed = (await run('tar', ['-tzf', `sluice-${version}.tgz`], { cwd: folder })).stdout
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))

  const needed = ['bin/sluice.js', 'dist/main.js', 'dist/client/index.js', 'dist/client/index.d.ts', 'LICENSE']
  const texts = ['README.md', 'docs/protocol.md', 'config/sluice.toml', 'dist/client/sluice.min.js']
  t.same(
    [...needed, ...texts].filter((path) => !packed.includes(path)),
    [],
  )
  t.same(
    packed.filter((path) => /^(src|test|bench|scripts|build)\/|\.map$|\.built$/.test(path)),
    [],
  )

  // What npm would install beside it; TypeScript lies there too, but the package has nothing to compile.
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const { stdout, stderr } = await run(process.execPath, [join(folder, 'package/bin/sluice.js'), '--version'])
  t.match(stdout, version)
  t.equal(stderr, '')
})

t.test('npx runs the command of the checkout, and asks no registry for it', async (t) => {
  const env = {
    ...process.env,
    npm_config_cache: join(folder, 'npm'),
    // Nobody listens on the discard port.
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_fetch_retries: '0',
  }
  const { stdout } = await run('npx', ['sluice', '--version'], { cwd: ROOT, env })
  t.match(stdout, version)
})

t.test('the browser bundle is small, and of this build', async (t) => {
  const bundle = await readFile(join(ROOT, 'dist/client/sluice.min.js'))
  t.ok(gzipSync(bundle, { level: 9 }).length < BUNDLE_BYTES_MAX)
  t.notMatch(bundle.toString(), /from"node:|require\("node:/)
  t.ok(filesBelow('src/client').length > 0)
})
