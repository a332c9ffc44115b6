import { assert } from '../../src/base/assert.js'
import type { CarrierName, Wire } from '../wires/wire.js'
import { requestData } from './http2-request.js'
import type { StreamSpec } from './job.js'
import { clientMessage } from './websocket.js'

const COUNTING = Buffer.from(Array.from({ length: 512 }, (_, i) => i & 0xff))
/** Every payload begins with the number of its stream and its place in the cycle, both 32 bits, little-endian. */
const STAMP_BYTES = 8
/** Any number coprime to the topic counts in use: neighbours in time are no neighbours in any table. */
const TOPIC_STRIDE = 7919

/**
 * A stream's events, encoded once and sent over and over. As the events of a cycle all differ, a lost, doubled or
 * reordered one shows in the received bytes; as they repeat, neither side has to encode anything while it is measured.
 */
export interface Cycle {
  readonly events: number
  /** Bytes to write. Those of event i begin at i / batch * messageBytes. */
  readonly publications: Buffer
  /** Bytes of one message of `batch` events, all equally long. */
  readonly messageBytes: number
  readonly batch: number
}

/** The deliveries of one stream under one pattern, one after the other, all equally long. */
export interface Deliveries {
  readonly bytes: Buffer
  readonly recordBytes: number
  /** Where in a record its stamp is. */
  readonly stampAt: number
  readonly events: number
  /** Events whose places differ by a multiple of this have the same topic; order is promised among them only. */
  readonly topics: number
}

export function buildCycle(wire: Wire, spec: StreamSpec, stream: number, events: number, payloadBytes: number): Cycle {
  assert(events % spec.batch === 0, 'a cycle is made of whole batches')
  const { batch } = spec
  const message = (i: number) => {
    const parts: Uint8Array[] = []
    for (let event = i * batch; event < (i + 1) * batch; event++) {
      parts.push(wire.publication(topicAt(spec, event), spec.lane, payload(stream, event, payloadBytes)))
    }
    return wire.framesItself === true ? Buffer.concat(parts) : framed(wire.carrier, parts)
  }
  const messageBytes = message(0).length
  return { events, publications: rowOf(events / batch, messageBytes, message), messageBytes, batch }
}

function framed(carrier: CarrierName, parts: readonly Uint8Array[]): Buffer {
  switch (carrier) {
    case 'none':
      return Buffer.concat(parts)
    case 'websocket':
      return clientMessage(parts)
    case 'http2':
      return requestData(parts)
  }
}

export function buildDeliveries(
  wire: Wire,
  spec: StreamSpec,
  stream: number,
  events: number,
  payloadBytes: number,
  pattern: string,
): Deliveries {
  const record = (i: number) => wire.delivery(topicAt(spec, i), spec.lane, payload(stream, i, payloadBytes), pattern)
  const first = Buffer.from(record(0))
  const recordBytes = first.length
  const stampAt = first.indexOf(payload(stream, 0, payloadBytes))
  return { bytes: rowOf(events, recordBytes, record), recordBytes, stampAt, events, topics: spec.topics.count }
}

/** One after the other: written as they are made, since there may be millions. */
function rowOf(count: number, bytesEach: number, make: (i: number) => Uint8Array): Buffer {
  const row = Buffer.allocUnsafeSlow(count * bytesEach)
  for (let i = 0; i < count; i++) {
    const bytes = make(i)
    assert(bytes.length === bytesEach, 'all are equally long')
    row.set(bytes, i * bytesEach)
  }
  return row
}

export function topicAt(spec: StreamSpec, event: number): string {
  const { prefix, digits, suffix, count } = spec.topics
  if (digits === 0) return `${prefix}${suffix}`
  return `${prefix}${String((event * TOPIC_STRIDE) % count).padStart(digits, '0')}${suffix}`
}

function payload(stream: number, event: number, bytes: number): Buffer {
  const filled = Buffer.allocUnsafe(bytes)
  // A byte is (31 × event + its place) mod 256: copied from a row that counts, as millions are filled.
  const from = (event * 31) & 0xff
  for (let i = STAMP_BYTES; i < bytes; i += 256) COUNTING.copy(filled, i, (from + i) & 0xff, ((from + i) & 0xff) + 256)
  filled.writeUInt32LE(stream, 0)
  filled.writeUInt32LE(event, 4)
  return filled
}
