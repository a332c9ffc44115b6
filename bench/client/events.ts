import { Packr } from 'msgpackr'
import { clientMessage } from '../generator/websocket.js'
import { textMessage } from '../wires/text-messages.js'
import type { Wire } from '../wires/wire.js'
import type { ClientSpec } from './job.js'

export const TOPIC = 'bench.client'
/** Events before they repeat: few enough to stay in the processor's cache, as those of an application that has just made them do. */
export const CYCLE_EVENTS = 64 * 31
/** Publications of one message, where the protocol has messages of several. */
const BATCH = 64
/** Places of a cycle, in events, have four digits, so that all are equally long in any encoding. */
const FIRST_NUMBER = 1000
const LANE = 3

/** A small event, as applications have them. */
export interface Reading {
  sensor: string
  number: number
  celsius: number
}

const packr = new Packr({ useRecords: false, variableMapSize: true })
/** What a reading of a cycle takes as JSON. */
export const READING_BYTES = JSON.stringify(readingAt(0)).length

export function readingAt(place: number): Reading {
  return { sensor: 'kitchen', number: FIRST_NUMBER + place, celsius: 20.5 }
}

export function placeOfReading({ number }: Reading): number {
  return number - FIRST_NUMBER
}

/** Stamped as those of raw generators are: the number of a stream, and the place in the cycle. */
export function bytesAt(place: number, payloadBytes: number): Buffer {
  const payload = Buffer.from(new ArrayBuffer(payloadBytes))
  for (let i = 0; i < payloadBytes; i++) payload[i] = (place * 31 + i) & 0xff
  payload.writeUInt32LE(0, 0)
  payload.writeUInt32LE(place, 4)
  return payload
}

export function placeOfBytes(payload: Uint8Array): number {
  return payload[4] | (payload[5] << 8) | (payload[6] << 16) | (payload[7] << 24)
}

/** What is delivered to a subscriber, event after event, all equally long. */
export function deliveriesOf(wire: Wire, spec: ClientSpec): { bytes: Buffer; recordBytes: number; stampAt: number } {
  const first = delivery(wire, spec, 0)
  const records = Array.from({ length: CYCLE_EVENTS }, (_, place) => delivery(wire, spec, place))
  const bytes = Buffer.concat(records)
  if (bytes.length !== first.length * CYCLE_EVENTS) throw new Error('deliveries are not equally long')
  const stampAt = spec.payload === 'bytes' ? Buffer.from(first).indexOf(bytesAt(0, spec.payloadBytes)) : -1
  return { bytes, recordBytes: first.length, stampAt }
}

/** A cycle of publications, framed. */
export function publicationsOf(wire: Wire, spec: ClientSpec) {
  const messages: Uint8Array[] = []
  for (let first = 0; first < CYCLE_EVENTS; first += BATCH) {
    const parts = Array.from({ length: BATCH }, (_, i) => publication(wire, spec, first + i))
    const isFramed = wire.framesItself === true || wire.carrier === 'none'
    messages.push(isFramed ? Buffer.concat(parts) : clientMessage(parts))
  }
  const publications = Buffer.concat(messages)
  return { events: CYCLE_EVENTS, publications, messageBytes: messages[0].length, batch: BATCH }
}

function delivery(wire: Wire, spec: ClientSpec, place: number): Uint8Array {
  if (isText(wire, spec)) return Buffer.from(eventText('event', place))
  return wire.delivery(TOPIC, LANE, payloadAt(wire, spec, place), TOPIC)
}

function publication(wire: Wire, spec: ClientSpec, place: number): Uint8Array {
  if (isText(wire, spec)) return textMessage(eventText('publish', place))
  return wire.publication(TOPIC, LANE, payloadAt(wire, spec, place))
}

function payloadAt(wire: Wire, spec: ClientSpec, place: number): Uint8Array {
  if (spec.payload === 'bytes') return bytesAt(place, spec.payloadBytes)
  const reading = readingAt(place)
  return wire.name === 'sluice' ? packr.pack(reading) : Buffer.from(JSON.stringify(reading))
}

/** Objects that socket.io carries are part of its text; its wire has binary attachments. */
function isText(wire: Wire, { payload }: ClientSpec): boolean {
  return wire.name === 'socketio' && payload === 'objects'
}

/** An event without acknowledgement (socket.io, "The Socket.IO protocol"): packet types 4 of Engine.IO and 2 of Socket.IO. */
function eventText(name: 'publish' | 'event', place: number): string {
  return `42${JSON.stringify([name, TOPIC, readingAt(place)])}`
}
