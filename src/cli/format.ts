import type { BusEvent } from '../client/index.js'
import { BIN, INT, RAW } from '../protocol/json-escapes.js'
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
  const timeText = isoClock()
  const valueText = valueFormatter()
  return (event, timeMs) => {
    const { metadata } = event
    const head = `{"topic":${JSON.stringify(event.topic)},"lane":${event.lane},"time":"${timeText(timeMs)}","value":`
    const text = metadataText(metadata)
    return `${head}${valueText(event)}${text === '{}' ? '}' : `,"metadata":${text}}`}`
  }
}

function valueFormatter(): (event: BusEvent) => string {
  const values = new JsonValueText()
  return ({ bytes, metadata }) => {
    return payloadText(asBuffer(bytes), 0, bytes.length, payloadKind(metadata.type ?? null), values)
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

/** What a publisher sends must not steer the reader's terminal: control characters (C0, DEL, C1) are shown, not obeyed. */
export function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, (control) => {
    const code = control.charCodeAt(0)
    return code === 0x0a ? '\\n' : code === 0x0d ? '\\r' : `\\x${code.toString(16).padStart(2, '0')}`
  })
}

/** Metadata is small and mostly strings; keys that are not ours may hold what JSON cannot say. */
function metadataText(metadata: object): string {
  return JSON.stringify(metadata, (_, value: unknown) => {
    if (typeof value === 'bigint') return { [INT]: value.toString() }
    if (value instanceof Uint8Array) return { [BIN]: asBuffer(value).toString('base64') }
    return value
  })
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Thousands of events arrive in one millisecond: its text is made once. */
function isoClock(): (timeMs: number) => string {
  let lastMs = -1
  let text = ''
  return (timeMs) => {
    if (timeMs !== lastMs) {
      lastMs = timeMs
      text = new Date(timeMs).toISOString()
    }
    return text
  }
}

function localTime(timeMs: number): string {
  const date = new Date(timeMs)
  const part = (value: number, digits = 2): string => String(value).padStart(digits, '0')
  return `${part(date.getHours())}:${part(date.getMinutes())}:${part(date.getSeconds())}.${part(date.getMilliseconds(), 3)}`
}
