import { createHook } from 'node:async_hooks'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/index.js'
import { startDaemon } from '../../src/daemon/daemon.js'
import { makeCertificate, opensslMissing } from '../helpers/certificates.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

const RELOADS = 100

/** What keeps no process alive by itself, such as most of our timers, is known only to who has seen it made. */
const WATCHED = new Set([
  'Timeout',
  'FSEVENTWRAP',
  'STATWATCHER',
  'TCPSERVERWRAP',
  'PIPESERVERWRAP',
  'MESSAGEPORT',
  'WORKER',
])
const made = new Map<number, string>()
createHook({
  init: (id, type) => {
    if (WATCHED.has(type)) made.set(id, `${type} made`)
  },
  destroy: (id) => made.delete(id),
}).enable()

/** What a process holds, by kind: what it waits for, timers, files and threads. */
function held(): Map<string, number> {
  const held = new Map<string, number>()
  for (const kind of [...process.getActiveResourcesInfo(), ...made.values()]) held.set(kind, (held.get(kind) ?? 0) + 1)
  held.set('files', readdirSync('/proc/self/fd').length)
  return held.set('threads', Number(/^Threads:\s+(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]))
}

/** What there is more of than before. What the start has used may have gone meanwhile. */
function grown(before: ReadonlyMap<string, number>): string[] {
  return [...held()].flatMap(([kind, now]) => {
    const then = before.get(kind) ?? 0
    return now > then ? [`${kind}: ${then} before, ${now} now`] : []
  })
}

/** What is under way just now has some time to end. */
async function grownForGood(before: ReadonlyMap<string, number>): Promise<string[]> {
  await until('nothing has grown', () => grown(before).length === 0, 10_000).catch(() => {})
  return grown(before)
}

t.test('a hundred reloads leave no timer, no listener and no file behind', { skip: opensslMissing }, async (t) => {
  const warnings: string[] = []
  const note = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`)
  process.on('warning', note)
  t.teardown(() => process.off('warning', note))
  const { certificateFile, keyFile } = makeCertificate(t)
  const folder = t.testdir({
    'secret-0': '0123456789abcdef0123456789abcdef',
    'secret-1': 'fedcba9876543210fedcba9876543210',
    'revoked-0': 'one\n',
    'revoked-1': 'two\n',
  })
  const file = join(folder, 'sluice.toml')
  const write = (n: number): void =>
    writeFileSync(
      file,
      `[outbox]\nevents_max = ${1000 + n}\n[http]\nheartbeat = "${10 + n}s"\n[tls]\ncertificate = "${certificateFile}"\nkey = "${keyFile}"\n` +
        `[observe]\nwebhook = "${n % 2 === 0 ? '' : 'http://127.0.0.1:9/'}"\n[[role]]\nname = "r"\npublish = ["a${n}.>"]\n` +
        `[[user]]\nname = "u"\nrole = "r"\n[auth]\nallow_anonymous = true\nrevoked_file = "${join(folder, `revoked-${n % 2}`)}"\n` +
        `[jwt]\nalgorithms = ["HS256"]\nsecret_file = "${join(folder, `secret-${n % 2}`)}"\n` +
        `[[slo]]\nname = "a"\ntopics = "a.>"\nthreshold = "${n + 1}ms"\nobjective = 0.9\n`,
    )
  write(0)
  const flags = { 'listen.port': '0', 'http2.port': '0', 'https.port': '0', 'admin.port': '0', 'log.level': 'silent' }
  const read = () => loadConfig({ file, env: {}, flags })
  const loaded = read()
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  const daemon = await startDaemon(loaded.config, { digest: loaded.digest, read })
  t.teardown(() => daemon.stop('end of the test'))
  const client = await RawClient.open(daemon.url)
  await client.subscribe('a')

  const reload = async (n: number): Promise<void> => {
    write(n)
    const reloaded = await daemon.reload()
    if (!reloaded.ok) throw new Error(reloaded.problems.join('\n'))
    t.ok(reloaded.changed.length >= 4, reloaded.changed.join(', '))
    t.same(reloaded.needsRestart, [])
  }
  // The first may load what is loaded once.
  for (let n = 1; n <= 4; n++) await reload(n)
  const before = held()
  for (let n = 5; n < 5 + RELOADS; n++) await reload(n)
  t.same(await grownForGood(before), [])
  t.same(warnings, [], 'no listener too many')
  client.publish('a', 'still here')
  await client.until('the event', () => client.events.length === 1)
  const { digest } = daemon
  writeFileSync(file, 'no toml')
  for (let n = 0; n < RELOADS; n++) t.equal((await daemon.reload()).ok, false)
  t.equal(daemon.digest, digest)
  t.same(await grownForGood(before), [])
  client.close()
})
