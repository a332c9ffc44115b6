import { readFileSync } from 'node:fs'
import t from 'tap'
import type { BusEvent } from '../../src/client/event.js'
import { rig } from '../helpers/client.js'
import { settle } from '../helpers/manual-runtime.js'

interface EventCase {
  name: string
  frame: string
  topic: string
  lane: number
  payload: string
  metadata: object | null
  shortest?: boolean
}

const read = (name: string) => JSON.parse(readFileSync(`test/vectors/${name}.json`, 'utf8'))
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const { events } = read('events') as { events: EventCase[] }
const { topics } = read('topics') as { topics: { name: string; text?: string; code: number }[] }

t.test('events of the vectors are received as they say', async (t) => {
  const { bus, daemon } = await rig()
  const seen: BusEvent[] = []
  bus.subscribe('>', { onEvent: (event) => seen.push(event) })
  await bus.sync()
  const cases = events.filter(({ topic }) => !topic.startsWith('$sys'))
  daemon.last.send(...cases.map(({ frame }) => bytesOf(frame)))
  await settle()
  t.equal(seen.length, cases.length)
  for (const [i, { name, topic, lane, payload, metadata }] of cases.entries()) {
    t.match(seen[i], { topic, lane }, name)
    t.same(seen[i].bytes, bytesOf(payload), name)
    t.same(seen[i].metadata, metadata ?? {}, name)
  }
  await bus.close()
})

t.test('shortest events of the vectors are published as they say', async (t) => {
  const { bus, daemon } = await rig()
  // Metadata without a key is left out, which says the same in fewer bytes.
  const isOurs = ({ shortest, topic, metadata }: EventCase) =>
    shortest === true && !topic.startsWith('$sys') && (metadata === null || Object.keys(metadata).length > 0)
  const cases = events.filter(isOurs)
  t.ok(cases.length > 0)
  for (const { topic, lane, payload, metadata } of cases) {
    bus.publishBytes(topic, bytesOf(payload), metadata === null ? { lane } : { lane, metadata: { ...metadata } })
  }
  await bus.sync()
  const frames = daemon.taken.map(({ frame }) => frame)
  for (const [i, { name, frame }] of cases.entries()) t.same(frames[i], bytesOf(frame), name)
  await bus.close()
})

t.test('topics of the vectors are taken or refused at the call', async (t) => {
  const { bus } = await rig()
  let compared = 0
  for (const { name, text, code } of topics) {
    // An isolated surrogate has no UTF-8: what the vectors say of its bytes cannot be asked of text.
    if (text === undefined || text.startsWith('$sys')) continue
    compared++
    if (code === 0) t.doesNotThrow(() => bus.publish(text, null), name)
    else t.throws(() => bus.publish(text, null), { name: 'TypeError' }, name)
  }
  t.ok(compared > 0)
  await bus.close()
})
