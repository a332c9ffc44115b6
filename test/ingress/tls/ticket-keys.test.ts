import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { createKeyFile, type KeptKey, readKeyFile, rotateKeyFile } from '../../../src/ingress/tls/key-file.js'
import { TicketKeys } from '../../../src/ingress/tls/ticket-keys.js'
import { until } from '../../helpers/until.js'

const HOUR_MS = 3_600_000

interface Teardown {
  teardown(run: () => unknown): void
}

interface Opened {
  readonly keys: TicketKeys
  readonly seen: Buffer[]
  readonly warned: string[]
}

function open(t: Teardown, ticketKeyFile: string, ticketRotationMs = 12 * HOUR_MS): Opened {
  const warned: string[] = []
  const inform = (): void => {}
  const keys = TicketKeys.open({ ticketKeyFile, ticketRotationMs, inform, warn: (sentence) => warned.push(sentence) })
  t.teardown(() => keys.close())
  const seen: Buffer[] = []
  keys.onChange((key) => seen.push(key))
  return { keys, seen, warned }
}

/** Makes a key look older than it is. */
function age(path: string, ms: number): void {
  const content = JSON.parse(readFileSync(path, 'utf8')) as { made: string }
  content.made = new Date(Date.parse(content.made) - ms).toISOString()
  writeFileSync(path, JSON.stringify(content))
}

const rotate = (path: string, from: KeptKey): Promise<KeptKey> =>
  new Promise((resolve, reject) =>
    rotateKeyFile(path, from, (problem, kept) => (kept === null ? reject(problem) : resolve(kept))),
  )

t.test('a key is made once and kept where only its owner reads it', async (t) => {
  const path = join(t.testdir(), 'ticket.key')
  const { keys } = open(t, path)
  t.equal(keys.current.length, 48)
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.ok(open(t, path).keys.current.equals(keys.current), 'as after a restart')
  t.same(readdirSync(dirname(path)), ['ticket.key'], 'nothing is left beside it')
})

t.test('without a file the key lives as long as the process', async (t) => {
  const [one, other] = [open(t, '').keys, open(t, '').keys]
  t.equal(one.current.length, 48)
  t.notOk(one.current.equals(other.current))
})

t.test('the schedule goes on after a restart', async (t) => {
  const path = join(t.testdir(), 'ticket.key')
  const first = createKeyFile(path)
  age(path, 11 * HOUR_MS)
  const young = open(t, path)
  t.ok(young.keys.current.equals(first.key))
  young.keys.close()
  age(path, HOUR_MS)
  const old = open(t, path)
  await until('another key', () => old.seen.length > 0)
  t.notOk(old.keys.current.equals(first.key))
  t.equal(readKeyFile(path)?.generation, first.generation + 1)
  t.ok(readKeyFile(path)?.key.equals(old.keys.current))
})

t.test('it is replaced on schedule, with a file and without', async (t) => {
  for (const path of ['', join(t.testdir(), 'ticket.key')]) {
    const { seen, warned } = open(t, path, 50)
    await until('three other keys', () => seen.length >= 3)
    t.equal(new Set(seen.map((key) => key.toString('hex'))).size, seen.length)
    t.same(warned, [])
  }
})

t.test('daemons with one file have one key, whoever replaces it', async (t) => {
  const path = join(t.testdir(), 'ticket.key')
  createKeyFile(path)
  age(path, 13 * HOUR_MS)
  const all = Array.from({ length: 10 }, () => open(t, path))
  await until('all have another key', () => all.every(({ seen }) => seen.length > 0))
  // Who lost the race looks again in a while; here it is told to.
  for (const { keys } of all) keys.look()
  await until('all have the same', () => new Set(all.map(({ keys }) => keys.current.toString('hex'))).size === 1)
  t.ok(readKeyFile(path)?.key.equals(all[0].keys.current))
  t.equal(readKeyFile(path)?.generation, 1, 'it was replaced once')
  t.same(readdirSync(dirname(path)), ['ticket.key'])
  t.same(
    all.flatMap(({ warned }) => warned),
    [],
  )
})

t.test('of all that replace one key at once, each goes on with the same', async (t) => {
  const path = join(t.testdir(), 'ticket.key')
  const first = createKeyFile(path)
  const made = await Promise.all(Array.from({ length: 20 }, () => rotate(path, first)))
  t.equal(new Set(made.map(({ key }) => key.toString('hex'))).size, 1)
  const late = await rotate(path, first)
  t.ok(late.key.equals(made[0].key), 'and so does who comes too late')
  t.same(readdirSync(dirname(path)), ['ticket.key'])
})

t.test('a rotation that was cut off is finished by the next', async (t) => {
  const path = join(t.testdir(), 'ticket.key')
  const first = createKeyFile(path)
  // As it is left by who died between making the next key and moving it into place.
  const next = createKeyFile(`${path}.1`)
  t.ok((await rotate(path, first)).key.equals(next.key))
  writeFileSync(`${path}.${next.generation + 1}`, 'torn', { mode: 0o600 })
  await t.rejects(rotate(path, next), { message: /does not hold a ticket key/ })
  t.notOk((await rotate(path, next)).key.equals(next.key), 'what is of no use is gone')
})

t.test('a file that cannot be trusted is refused, in a sentence', async (t) => {
  const path = join(t.testdir(), 'ticket.key')
  const { key } = createKeyFile(path)
  chmodSync(path, 0o640)
  t.throws(() => open(t, path), {
    message: `tls.ticket_key_file: ${path} may be read or written by others (mode 0640): they could read what is sent; chmod 600 it, or delete it for a new key`,
  })
  chmodSync(path, 0o600)
  const good = JSON.parse(readFileSync(path, 'utf8')) as object
  const short = { ...good, key: key.subarray(1).toString('base64') }
  for (const content of [
    '',
    'secret',
    'null',
    '[]',
    JSON.stringify(short),
    JSON.stringify({ ...good, made: 'today' }),
  ]) {
    writeFileSync(path, content)
    t.throws(
      () => open(t, path),
      { message: /does not hold a ticket key as sluice writes it; delete it for a new one$/ },
      content,
    )
  }
  writeFileSync(path, 'x'.repeat(100_000))
  t.throws(() => open(t, path), { message: /does not hold a ticket key/ })
  t.throws(() => open(t, '/nonexistent/ticket.key'), { message: /^tls\.ticket_key_file: .+ cannot be written: ENOENT/ })
  t.throws(() => open(t, t.testdirName), { message: /^tls\.ticket_key_file: .+ is not a file$/ })
})

t.test('what happens to the file later changes nothing for the worse', async (t) => {
  const path = join(t.testdir(), 'ticket.key')
  const { keys, seen, warned } = open(t, path)
  const first = keys.current
  writeFileSync(path, 'broken')
  keys.look()
  await until('a warning', () => warned.length === 1)
  t.match(warned[0], /does not hold a ticket key .+; the key for session tickets stays as it is$/)
  t.ok(keys.current.equals(first))
  rmSync(path)
  keys.look()
  await until('another key', () => seen.length === 1)
  t.ok(existsSync(path), 'who deletes it wants a new one')
  t.ok(readKeyFile(path)?.key.equals(keys.current))
  t.equal(warned.length, 1)
})
