import { BIN, FLOAT, INT, MAP, RESERVED_KEYS } from './json-escapes.js'
import { skipValue, uint32 } from './skip.js'

/** Without ignoreBOM a leading U+FEFF would vanish. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text of UTF-8 bytes[start, end), or null where they are not UTF-8. */
export function utf8Text(bytes: Buffer, start: number, end: number): string | null {
  try {
    return utf8.decode(bytes.subarray(start, end))
  } catch {
    return null
  }
}

/**
 * Writes msgpack values as JSON text, by the table in docs/protocol.md. Straight from bytes to text: msgpackr would replace what is not UTF-8,
 * take 0xc1 and drop the sign of -0. One writer is made and reused.
 */
export class JsonValueText {
  private bytes: Buffer = Buffer.alloc(0)
  private pos = 0
  private valid = true

  /**
   * @returns the text of the one msgpack value that fills bytes[start, end), or null if they are anything else: not one value, nested too
   *   deeply, with an ext type, or with a string that is not UTF-8.
   */
  write(bytes: Buffer, start: number, end: number): string | null {
    // From here on lengths hold and levels are bounded, so that value() may believe and recurse.
    if (skipValue(bytes, start, end) !== end) return null
    this.bytes = bytes
    this.pos = start
    this.valid = true
    const text = this.value()
    return this.valid ? text : null
  }

  private value(): string {
    const bytes = this.bytes
    const lead = bytes[this.pos++]
    if (lead < 0x80) return String(lead)
    if (lead >= 0xe0) return String(lead - 256)
    if (lead < 0x90) return this.map(lead & 15)
    if (lead < 0xa0) return this.array(lead & 15)
    if (lead < 0xc0) return this.string(lead & 31)
    const at = this.pos
    switch (lead) {
      case 0xc0:
        return 'null'
      case 0xc2:
        return 'false'
      case 0xc3:
        return 'true'
      case 0xc4:
        this.pos += 1
        return this.bin(bytes[at])
      case 0xc5:
        this.pos += 2
        return this.bin(bytes.readUInt16BE(at))
      case 0xc6:
        this.pos += 4
        return this.bin(uint32(bytes, at))
      case 0xca:
        this.pos += 4
        return float(bytes.readFloatBE(at))
      case 0xcb:
        this.pos += 8
        return float(bytes.readDoubleBE(at))
      case 0xcc:
        this.pos += 1
        return String(bytes[at])
      case 0xcd:
        this.pos += 2
        return String(bytes.readUInt16BE(at))
      case 0xce:
        this.pos += 4
        return String(uint32(bytes, at))
      case 0xcf:
        this.pos += 8
        return integer(bytes.readBigUInt64BE(at))
      case 0xd0:
        this.pos += 1
        return String(bytes.readInt8(at))
      case 0xd1:
        this.pos += 2
        return String(bytes.readInt16BE(at))
      case 0xd2:
        this.pos += 4
        return String(bytes.readInt32BE(at))
      case 0xd3:
        this.pos += 8
        return integer(bytes.readBigInt64BE(at))
      case 0xd9:
        this.pos += 1
        return this.string(bytes[at])
      case 0xda:
        this.pos += 2
        return this.string(bytes.readUInt16BE(at))
      case 0xdb:
        this.pos += 4
        return this.string(uint32(bytes, at))
      case 0xdc:
        this.pos += 2
        return this.array(bytes.readUInt16BE(at))
      case 0xdd:
        this.pos += 4
        return this.array(uint32(bytes, at))
      case 0xde:
        this.pos += 2
        return this.map(bytes.readUInt16BE(at))
      default:
        this.pos += 4
        return this.map(uint32(bytes, at))
    }
  }

  private string(length: number): string {
    const start = this.pos
    const end = start + length
    this.pos = end
    for (let i = start; i < end; i++) {
      const byte = this.bytes[i]
      if (byte < 0x20 || byte >= 0x7f || byte === 0x22 || byte === 0x5c) {
        const text = utf8Text(this.bytes, start, end)
        if (text !== null) return JSON.stringify(text)
        this.valid = false
        return '""'
      }
    }
    return `"${this.bytes.toString('latin1', start, end)}"`
  }

  private bin(length: number): string {
    const start = this.pos
    this.pos += length
    return `{"${BIN}":"${this.bytes.toString('base64', start, this.pos)}"}`
  }

  private array(length: number): string {
    let text = '['
    for (let i = 0; i < length; i++) {
      if (i > 0) text += ','
      text += this.value()
      if (!this.valid) return text
    }
    return `${text}]`
  }

  /** One pass, whatever the keys turn out to be: to begin again as pairs would cost twice at every level. */
  private map(length: number): string {
    const parts: string[] = []
    let asPairs = false
    for (let i = 0; i < length; i++) {
      const lead = this.bytes[this.pos]
      const isString = (lead & 0xe0) === 0xa0 || (lead >= 0xd9 && lead <= 0xdb)
      const key = this.value()
      if (!isString || (length === 1 && RESERVED_KEYS.has(key.slice(1, -1)))) asPairs = true
      parts.push(key, this.value())
      if (!this.valid) return ''
    }
    const [open, between, close] = asPairs ? ['[', ',', ']'] : ['', ':', '']
    let text = ''
    for (let i = 0; i < parts.length; i += 2) {
      text += `${i > 0 ? ',' : ''}${open}${parts[i]}${between}${parts[i + 1]}${close}`
    }
    return asPairs ? `{"${MAP}":[${text}]}` : `{${text}}`
  }
}

function float(value: number): string {
  if (!Number.isFinite(value)) return `{"${FLOAT}":"${value}"}`
  return Object.is(value, -0) ? '-0.0' : String(value)
}

function integer(value: bigint): string {
  const small = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
  return small ? String(value) : `{"${INT}":"${value}"}`
}
