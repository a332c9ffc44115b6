import t from 'tap'
import { CYCLE_EVENTS, deliveriesOf, publicationsOf } from '../../bench/client/events.js'
import type { ClientSpec } from '../../bench/client/job.js'
import { SequenceVerifier } from '../../bench/client/sequence-verifier.js'
import type { Deliveries } from '../../bench/generator/cycle.js'
import { wireNamed } from '../../bench/wires/index.js'

const OBJECTS: ClientSpec = { role: 'publish', payload: 'objects', payloadBytes: 49 }
const NOTICE = Buffer.from('PING\r\n')
const wire = wireNamed('nats')
const deliveries: Deliveries = { ...deliveriesOf(wire, OBJECTS), events: CYCLE_EVENTS, topics: 1 }
const { bytes, recordBytes } = deliveries

function fed(stream: Buffer, piece: number): SequenceVerifier {
  const verifier = new SequenceVerifier(deliveries, wire.noticeEnd)
  for (let pos = 0; pos < stream.length; pos += piece) {
    verifier.feed(stream, pos, Math.min(stream.length, pos + piece))
  }
  verifier.settle()
  return verifier
}

t.test('counts what comes in order, however it is cut, notices in between', async (t) => {
  const rows = [
    bytes,
    bytes.subarray(0, 3 * recordBytes),
    NOTICE,
    bytes.subarray(3 * recordBytes, 5 * recordBytes),
    NOTICE,
  ]
  for (const piece of [1, 7, recordBytes - 1, recordBytes, 1000, 1 << 20]) {
    const verifier = fed(Buffer.concat(rows), piece)
    t.equal(verifier.corrupt, null)
    t.equal(verifier.checks[0].delivered, CYCLE_EVENTS + 5, `in pieces of ${piece}`)
    t.equal(verifier.notices, 2)
  }
})

t.test('one lost, doubled or damaged event is seen', async (t) => {
  const three = bytes.subarray(0, 3 * recordBytes)
  const damaged = Buffer.from(three)
  damaged[recordBytes + 20] ^= 1
  const wrong = {
    lost: Buffer.concat([three, bytes.subarray(4 * recordBytes, 8 * recordBytes)]),
    doubled: Buffer.concat([three, three.subarray(2 * recordBytes)]),
    damaged,
  }
  for (const [what, stream] of Object.entries(wrong)) {
    for (const piece of [5, 1 << 20]) t.match(fed(stream, piece).corrupt, /something else after/, what)
  }
})

t.test('publications and deliveries of every library’s server are whole cycles', async (t) => {
  for (const name of ['sluice', 'nats', 'mqtt', 'socketio'] as const) {
    for (const payload of ['bytes', 'objects'] as const) {
      const spec: ClientSpec = { role: 'receive', payload, payloadBytes: 128 }
      const { events, publications, messageBytes, batch } = publicationsOf(wireNamed(name), spec)
      t.equal(publications.length, (events / batch) * messageBytes, `${name}, ${payload}`)
      const out = deliveriesOf(wireNamed(name), spec)
      t.equal(out.bytes.length, CYCLE_EVENTS * out.recordBytes)
    }
  }
})
