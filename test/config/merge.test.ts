import t from 'tap'
import { type Config, digestOf, ENTRIES, loadConfig, TABLE_ENTRIES, topicClassesOf } from '../../src/config/index.js'
import { type Merged, mergeLive } from '../../src/config/merge.js'

function load(text: string): Config {
  const loaded = loadConfig({ text, env: {}, flags: {} })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.config
}

function merge(before: string, after: string, classes = topicClassesOf(load(before))): Merged {
  const merged = mergeLive(load(before), load(after), classes)
  if (typeof merged === 'string') throw new Error(merged)
  return merged
}

const slo = (name: string, topics: string, objective = 0.9): string =>
  `[[slo]]\nname = "${name}"\ntopics = "${topics}"\nthreshold = "1ms"\nobjective = ${objective}\n`

t.test('what is live is taken, what needs a restart is named and stays', async (t) => {
  const after = '[outbox]\nevents_max = 5\n[listen]\nport = 1\n[log]\nlevel = "warn"\npretty = "never"\n'
  const { config, digest, changed, pending } = merge('', after)
  t.same(changed, ['outbox.events_max', 'log.level'])
  t.same(pending, ['listen.port', 'log.pretty'])
  t.equal(config.outbox.eventsMax, 5)
  t.equal(config.listen.port, 7400)
  t.equal(digest, digestOf(load('[outbox]\nevents_max = 5\n[log]\nlevel = "warn"')), 'the digest is of what runs')
})

t.test('the same again changes nothing, and what was pending still is', async (t) => {
  const text = `[outbox]\nevents_max = 5\n[listen]\nport = 1\n${slo('a', 'a.>')}`
  const first = merge('', text)
  const again = mergeLive(first.config, load(text), []) as Merged
  t.same(again.changed, [])
  t.same(again.pending, first.pending)
  t.equal(again.digest, first.digest)
  t.same(merge(text, text), { config: load(text), digest: digestOf(load(text)), changed: [], pending: [] })
})

t.test('every option and table is one or the other', async (t) => {
  for (const { dotted, reload } of ENTRIES.values()) t.match(reload, /^(live|restart)$/, dotted)
  for (const [name, { reload }] of TABLE_ENTRIES) t.match(reload, /^(live|restart)$/, name)
})

t.test('a live option that does not fit what needs a restart waits for it', async (t) => {
  const after =
    '[protocol]\npayload_bytes_max = "4MiB"\n[listen]\nmessage_bytes_max = "8MiB"\n[router]\nslab_bytes = "8MiB"\n'
  const { config, changed, pending } = merge('', after)
  t.same(changed, [])
  t.same([...pending].sort(), ['listen.message_bytes_max', 'protocol.payload_bytes_max', 'router.slab_bytes'])
  t.equal(config.protocol.payloadBytesMax, load('').protocol.payloadBytesMax)
})

t.test('what cannot run without a restart is refused as a whole', async (t) => {
  const before = '[listen]\nhost = "0.0.0.0"\n[[user]]\nname = "a"\n'
  const merged = mergeLive(load(before), load('[log]\nlevel = "warn"\n'), [])
  t.match(merged, /^listen\.host: 0\.0\.0\.0 is reached from other machines, and anybody there could publish/)
})

t.test('objectives on topics that are timed are live, others wait', async (t) => {
  const before = `${slo('a', 'a.>')}${slo('b', 'b.>')}[[topic_class]]\nname = "c"\ntopics = "c.>"\n`
  const after = `${slo('a', 'a.>', 0.99)}${slo('b', 'other.>')}${slo('c', 'c.>')}${slo('d', 'd.>')}`
  const { config, changed, pending } = merge(before, after)
  t.same(changed, ['slo.a', 'slo.c'])
  t.same(pending, ['slo.b', 'slo.d', 'topic_class.c'])
  t.same(
    config.slo.map(({ name, topics, objective }) => [name, topics, objective]),
    [
      ['a', 'a.>', 0.99],
      ['b', 'b.>', 0.9],
      ['c', 'c.>', 0.9],
    ],
  )
  t.same(config.topicClass, load(before).topicClass)
  const untimed = merge('[observe]\nlatency = false\n', slo('a', 'a.>'), [])
  t.same(untimed.changed, [])
  t.same(untimed.pending, ['observe.latency', 'slo.a'])
})

t.test('users and roles are live; names are told, and nothing else of them', async (t) => {
  const hash = `sha256:${'0'.repeat(64)}`
  const after = `[[role]]\nname = "r"\npublish = ["a.>"]\n[[user]]\nname = "u"\nrole = "r"\ntoken_hashes = ["${hash}"]\n`
  const { config, changed, pending } = merge('', after)
  t.same(
    changed,
    ['user.u', 'role.r'].sort((x, y) => orderOf(x) - orderOf(y)),
  )
  t.same(pending, [])
  t.equal(config.user.length, 1)
  t.same(merge(after, '').changed.length, 2, 'one less is a change, too')
})

function orderOf(name: string): number {
  return [...TABLE_ENTRIES.keys()].indexOf(name.split('.')[0])
}
