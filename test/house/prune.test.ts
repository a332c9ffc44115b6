import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { ROOT } from './files.js'

const run = promisify(execFile)
const SCRIPT = join(ROOT, 'scripts/prune.mjs')
const { platform, arch, versions } = process
const OURS = `uws_${platform}_${arch}_${versions.modules}.node`

/** Paths of all files below a folder, with `/`, sorted. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
}

t.test('what never runs goes; what runs and what is owed to its authors stays', async (t) => {
  const folder = t.testdir({
    node_modules: {
      'uWebSockets.js': { dist: { bin: { [OURS]: '', 'uws_plan9_vax_1.node': '' }, 'uws.mjs': '' } },
      '@scope': { name: { 'index.js': '', 'index.d.ts': '', test: { 'index.js': '' }, 'NOTICE.md': '' } },
      plain: {
        'LICENSE.md': '',
        'README.md': '',
        'index.js': '',
        'index.js.map': '',
        'other.node': '',
        // Not at the top of the package: it may be what the package is about.
        lib: { docs: { 'index.js': '' }, test: 'a file' },
        docs: { 'index.html': '' },
        node_modules: { nested: { 'index.cjs': '', 'index.d.cts': '', tests: { 'a.js': '' } } },
      },
    },
  })
  await run(process.execPath, [SCRIPT, join(folder, 'node_modules')])
  t.same(filesOf(join(folder, 'node_modules')), [
    '@scope/name/NOTICE.md',
    '@scope/name/index.js',
    'plain/LICENSE.md',
    'plain/index.js',
    'plain/lib/docs/index.js',
    'plain/lib/test',
    'plain/node_modules/nested/index.cjs',
    'plain/other.node',
    `uWebSockets.js/dist/bin/${OURS}`,
    'uWebSockets.js/dist/uws.mjs',
  ])
})

t.test('nothing but node_modules is touched', async (t) => {
  const folder = t.testdir({ src: { 'index.ts': '' } })
  await t.rejects(run(process.execPath, [SCRIPT, folder]), { code: 2, stderr: /usage/ })
  await t.rejects(run(process.execPath, [SCRIPT]), { code: 2 })
  t.same(filesOf(folder), ['src/index.ts'])
})
