import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { filesBelow, ROOT } from './files.js'

t.setTimeout(120_000)

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'sluice-install-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

const at = (path: string): string => join(folder, path)
const CONFIG = at('etc/sluice/sluice.toml')
const BIN = at('usr/lib/sluice/bin/sluice.js')

function install(...words: string[]): Promise<{ stdout: string }> {
  return run(process.execPath, ['scripts/install-systemd.mjs', '--root', folder, ...words], { cwd: ROOT })
}

t.test('a dry run says what it would do, and does nothing', async (t) => {
  t.match((await install('--dry-run')).stdout, /^would put sluice /)
  t.same(readdirSync(folder), [])
})

t.test('what is installed runs, and has nothing that it does not need', async (t) => {
  mkdirSync(at('usr/lib/sluice'), { recursive: true })
  writeFileSync(at('usr/lib/sluice/leftover'), 'of a version before')
  await install()
  t.notOk(existsSync(at('usr/lib/sluice/leftover')))
  const { stdout } = await run(process.execPath, [BIN, 'check', CONFIG], { env: { PATH: process.env.PATH } })
  t.match(stdout, /^ok: .* 3 not at their default/)
  t.match(readFileSync(CONFIG, 'utf8'), /^ticket_key_file = "\/var\/lib\/sluice\/ticket.key"$/m)
  t.equal(statSync(CONFIG).mode & 0o777, 0o640, 'hashes are not for everybody')
  t.equal(readlinkSync(at('usr/local/bin/sluice')), '/usr/lib/sluice/bin/sluice.js')
  for (const path of filesBelow('systemd')) {
    const installed = path.endsWith('.service')
      ? 'usr/lib/systemd/system/sluice.service'
      : `usr/lib/${path.replace('systemd/', '')}`
    t.equal(readFileSync(at(installed), 'utf8'), readFileSync(join(ROOT, path), 'utf8'))
  }
  for (const name of ['typescript', 'tap', 'esbuild', '.bin']) {
    t.notOk(existsSync(at(`usr/lib/sluice/node_modules/${name}`)), name)
  }
  for (const name of ['src', 'test', '../sluice.new', '../sluice.old'])
    t.notOk(existsSync(at(`usr/lib/sluice/${name}`)), name)
})

t.test('a configuration that is there stays as it is', async (t) => {
  t.match((await install('--dry-run')).stdout, `would leave ${CONFIG} as it is`)
})

t.test('taken away, the configuration stays', async (t) => {
  await install('--uninstall')
  t.ok(existsSync(CONFIG))
  for (const path of ['usr/lib/sluice', 'usr/local/bin/sluice', 'usr/lib/systemd/system/sluice.service']) {
    t.notOk(existsSync(at(path)), path)
  }
  t.equal((await install('--uninstall')).stdout, 'nothing is installed\n')
})

t.test('what it does not know, it says', async (t) => {
  await t.rejects(install('--unistall'), { code: 2, stderr: /--unistall.*usage:/s })
  t.match((await install('--help')).stdout, /^usage: npm run install:systemd/)
})
