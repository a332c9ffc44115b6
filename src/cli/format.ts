import type { BusEvent } from '../client/index.js'
import { BIN, FLOAT, INT, RAW } from '../protocol/json-escapes.js'
import { payloadKind, payloadText } from '../protocol/json-payload.js'
import { JsonValueText } from '../protocol/json-text.js'
import { plural } from './numbers.js'
import type { Style } from './style.js'

/** An event as a line of text, without the line end. `timeMs`: when it arrived here, Unix time. */
export type Formatter = (event: BusEvent, timeMs: number) => string

/**
 * One JSON object a line: topic, lane, time (RFC 3339), value, and metadata if there is any. Values are as in the JSON subprotocol
 * (docs/protocol.md), made from the payload's bytes, so that no digit of a long number is lost.
 */
export function ndjson(): Formatter {
  const timeText = lastRemembered(isoTime)
  const topicText = lastRemembered(JSON.stringify)
  const valueText = valueFormatter()
  return (event, timeMs) => {
    const head = `{"topic":${topicText(event.topic)},"lane":${event.lane},"time":"${timeText(timeMs)}","value":`
    return `${head}${valueText(event)}${metadataMember(event.metadata)}}`
  }
}

function valueFormatter(): (event: BusEvent) => string {
  const values = new JsonValueText()
  return ({ bytes, metadata }) => {
    const { type } = metadata
    const kind = typeof type === 'string' ? payloadKind(type) : 'value'
    return payloadText(asBuffer(bytes), 0, bytes.length, kind, values)
  }
}

export interface Columns {
  readonly time: boolean
  readonly lane: boolean
}

/** For people: coloured columns; text as it is, bytes by their number, everything else as compact JSON. */
export function pretty(columns: Columns, style: Style): Formatter {
  const paintLane = [style.red, style.red, style.yellow, style.green, style.green, style.blue, style.dim, style.dim]
  const valueText = valueFormatter()
  return (event, timeMs) => {
    const time = columns.time ? `${style.dim(localTime(timeMs))}  ` : ''
    const lane = columns.lane ? `${paintLane[event.lane](String(event.lane))}  ` : ''
    return `${time}${lane}${style.cyan(harmless(event.topic))}  ${harmless(readable(valueText(event), event))}`
  }
}

function readable(json: string, { bytes, metadata }: BusEvent): string {
  if (json.startsWith('"')) return JSON.parse(json) as string
  const type = metadata.type === undefined ? '' : ` of ${metadata.type}`
  return json.startsWith(`{"${RAW}":`) ? `[${plural(bytes.length, 'byte')}${type}]` : json
}

/** JSON leaves these as they are, and terminals obey them; as escapes the text says the same. */
export function harmlessJson(json: string): string {
  return json.replace(/[\u007f-\u009f]/g, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** What a publisher sends must not steer the reader's terminal: control characters (C0, DEL, C1) are shown, not obeyed. */
export function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, (control) => {
    const code = control.charCodeAt(0)
    return code === 0x0a ? '\\n' : code === 0x0d ? '\\r' : `\\x${code.toString(16).padStart(2, '0')}`
  })
}

/** Metadata is small and mostly strings; keys that are not ours may hold what JSON cannot say. */
function metadataMember(metadata: object): string {
  for (const _ in metadata) {
    const text = JSON.stringify(metadata, sayable)
    return `,"metadata":${text}`
  }
  return ''
}

/** JSON.stringify asks toJSON of a Buffer first, so the value is taken from where it lies. */
function sayable(this: { readonly [key: string]: unknown }, key: string, value: unknown): unknown {
  const own = this[key]
  if (typeof own === 'bigint') return { [INT]: own.toString() }
  if (typeof own === 'number' && !Number.isFinite(own)) return { [FLOAT]: String(own) }
  if (own instanceof Uint8Array) return { [BIN]: asBuffer(own).toString('base64') }
  return value
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Thousands of events arrive in one millisecond, and many in a row on one topic: what is made of either is made once. */
function lastRemembered<T>(make: (given: T) => string): (given: T) => string {
  let last: T | undefined
  let text = ''
  return (given) => {
    if (given !== last) {
      last = given
      text = make(given)
    }
    return text
  }
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

function localTime(timeMs: number): string {
  const date = new Date(timeMs)
  const part = (value: number, digits = 2): string => String(value).padStart(digits, '0')
  return `${part(date.getHours())}:${part(date.getMinutes())}:${part(date.getSeconds())}.${part(date.getMilliseconds(), 3)}`
}
