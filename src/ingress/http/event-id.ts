import { randomBytes } from 'node:crypto'

/** Twelve random bytes in base64url (RFC 4648, section 5): nobody guesses the stream of somebody else. */
const TOKEN_BYTES = 12
const TOKEN_CHARS = 16
/** Fixed, so that ids can be written into text that is there already. A million events a second fill it in 31 years. */
const NUMBER_DIGITS = 15
/** Numbers are written in two parts, each of which fits 32 bits. */
const LOW_DIGITS = 9
const LOW = 10 ** LOW_DIGITS

export const ID_TEXT_BYTES = TOKEN_CHARS + 1 + NUMBER_DIGITS
/** Stands where an id will be. */
export const ID_PLACE = '.'.repeat(ID_TEXT_BYTES)

const ID_FORM = new RegExp(`^([A-Za-z0-9_-]{${TOKEN_CHARS}})\\.([0-9]{${NUMBER_DIGITS}})$`)
const ZERO = 0x30

/** What `Last-Event-ID` names: a stream, and the number of the last event of it that its reader has. */
export interface EventId {
  token: string
  number: number
}

export function makeToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url')
}

/** @returns null when the text is no id of ours */
export function parseEventId(text: string): EventId | null {
  const parts = ID_FORM.exec(text)
  return parts === null ? null : { token: parts[1], number: Number(parts[2]) }
}

export function formatEventId(token: string, number: number): string {
  return `${token}.${String(number).padStart(NUMBER_DIGITS, '0')}`
}

/** Writes an id over an ID_PLACE that begins at `at`, whose dot stands already. */
export function stampId(text: Uint8Array, at: number, token: Uint8Array, number: number): void {
  for (let i = 0; i < TOKEN_CHARS; i++) text[at + i] = token[i]
  const high = Math.floor(number / LOW)
  const end = at + ID_TEXT_BYTES
  writeDigits(text, end - LOW_DIGITS, end, number - high * LOW)
  writeDigits(text, at + TOKEN_CHARS + 1, end - LOW_DIGITS, high)
}

function writeDigits(text: Uint8Array, start: number, end: number, number: number): void {
  let left = number | 0
  for (let pos = end - 1; pos >= start; pos--) {
    const rest = (left / 10) | 0
    text[pos] = ZERO + left - rest * 10
    left = rest
  }
}
