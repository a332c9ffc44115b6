import t from 'tap'
import { BoundedMap } from '../../src/client/bounded-map.js'
import { TopicTable } from '../../src/client/topics.js'

t.test('a bounded map stays in its bound and keeps what is asked for', async (t) => {
  const map = new BoundedMap<number, number>(10)
  map.set(-1, -1)
  for (let i = 0; i < 1000; i++) {
    map.set(i, i)
    t.equal(map.get(-1), -1)
    if (map.size > 20) return t.fail(`${map.size} entries`)
  }
  t.equal(map.get(500), undefined)
  t.equal(map.get(999), 999)
})

t.test('a topic is found by its bytes, anywhere, also after many others', async (t) => {
  const table = new TopicTable(8)
  const encoder = new TextEncoder()
  const at = (text: string) => {
    const bytes = encoder.encode(`--${text}--`)
    return table.at(bytes, 2, bytes.length - 2)
  }
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 100; i++) {
      const text = i % 2 === 0 ? `topic.${i}` : `é.${i}`
      if (at(text).text !== text) return t.fail(`${text} was found as ${at(text).text}`)
    }
  }
  const kept = at('same')
  t.equal(at('same'), kept)
  at('other')
  t.equal(at('same'), kept)
  const buffer = Buffer.from('changes')
  const found = table.at(buffer, 0, buffer.length)
  buffer.fill(0)
  t.equal(at('changes'), found, 'its bytes are its own')
})
